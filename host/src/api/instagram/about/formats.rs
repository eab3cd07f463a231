//! Shapes of the bodies that are not one type in the code, for the document alone, so that generated clients have
//! types for them. An end-to-end test holds real answers against them.
#![expect(dead_code, reason = "described here, written elsewhere")]

use utoipa::ToSchema;
use uuid::Uuid;

/// Bytes of a file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub(in crate::api) struct Bytes(Vec<u8>);

/// A job that has been accepted. One of the four `…_info` is there: that of what was asked for.
#[derive(ToSchema)]
pub(in crate::api) struct StartedJob {
    job_id: Uuid,
    status: JobState,
    message: String,
    /// Where to ask how it fares.
    status_url: String,
    #[schema(nullable = false)]
    post_info: Option<StartedPost>,
    #[schema(nullable = false)]
    reel_info: Option<StartedReel>,
    #[schema(nullable = false)]
    story_info: Option<StartedStory>,
    #[schema(nullable = false)]
    carousel_info: Option<StartedCarousel>,
}

/// The post that is being downloaded.
#[derive(ToSchema)]
struct StartedPost {
    post_id: String,
    /// `image`, `video` or `carousel`.
    content_type: String,
    caption: Option<String>,
}

/// The reel that is being downloaded.
#[derive(ToSchema)]
struct StartedReel {
    reel_id: String,
    /// Seconds.
    duration: Option<f64>,
    owner: Option<String>,
}

/// The stories that are being downloaded.
#[derive(ToSchema)]
struct StartedStory {
    username: String,
    active_stories_count: u32,
    /// `individual` or `zip`.
    format: String,
}

/// The carousel that is being downloaded.
#[derive(ToSchema)]
struct StartedCarousel {
    post_id: String,
    item_count: u32,
    output_format: String,
}

/// A batch that has been accepted.
#[derive(ToSchema)]
pub(in crate::api) struct StartedBatch {
    batch_job_id: Uuid,
    status: JobState,
    message: String,
    batch_size: u32,
    items: Vec<StartedItem>,
    status_url: String,
}

/// One item of it, a job of its own.
#[derive(ToSchema)]
struct StartedItem {
    job_id: Uuid,
    url: String,
    #[schema(rename = "type")]
    kind: String,
    status: JobState,
}

/// How far a job is.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
enum JobState {
    Pending,
    Processing,
    Completed,
    Failed,
    Cancelled,
}

/// How a job fares. What is there besides the first four depends on `status`; a batch has `items` too.
#[derive(ToSchema)]
pub(in crate::api) struct Job {
    job_id: Uuid,
    status: JobState,
    /// Percent; never falls.
    progress: u8,
    created_at: Option<String>,
    started_at: Option<String>,
    #[schema(nullable = false)]
    progress_details: Option<ProgressDetails>,
    estimated_completion_seconds: Option<u64>,
    /// Megabits a second.
    speed_mbps: Option<f64>,
    file_size_mb: Option<f64>,
    #[schema(nullable = false)]
    message: Option<String>,
    completed_at: Option<String>,
    duration_seconds: Option<u64>,
    #[schema(nullable = false)]
    files: Option<Vec<JobFile>>,
    #[schema(nullable = false)]
    file_count: Option<u32>,
    /// Megabytes of 1,000,000 bytes.
    #[schema(nullable = false)]
    total_size_mb: Option<f64>,
    /// After that its files are gone.
    expires_in_seconds: Option<u64>,
    /// About the content, where `include_metadata` asked for it.
    #[schema(value_type = Option<Object>)]
    metadata: Option<()>,
    #[schema(nullable = false)]
    error: Option<JobError>,
    failed_at: Option<String>,
    cancelled_at: Option<String>,
    #[schema(nullable = false)]
    batch_size: Option<u32>,
    #[schema(nullable = false)]
    completed_count: Option<u32>,
    #[schema(nullable = false)]
    failed_count: Option<u32>,
    /// The jobs of a batch.
    #[schema(nullable = false, no_recursion)]
    items: Option<Vec<Job>>,
    /// Of an item: what was asked for.
    url: Option<String>,
    /// Of an item: `post`, `reel` or `story`.
    #[schema(rename = "type")]
    kind: Option<String>,
}

/// What it is doing.
#[derive(ToSchema)]
struct ProgressDetails {
    current: u8,
    total: u8,
    stage: String,
}

/// A file that can be fetched.
#[derive(ToSchema)]
struct JobFile {
    filename: String,
    /// Megabytes of 1,000,000 bytes.
    size_mb: f64,
    download_url: String,
    media_type: String,
    /// Such as `1080x1920`.
    dimensions: Option<String>,
}

/// Why it failed.
#[derive(ToSchema)]
struct JobError {
    code: String,
    message: String,
    details: String,
}

/// What may be asked for.
#[derive(ToSchema)]
pub(in crate::api) struct Formats {
    #[schema(rename = "type")]
    kind: String,
    post_formats: PostFormats,
    reel_formats: ReelFormats,
    story_formats: FormatQualities,
    supported_output_formats: OutputFormats,
}

/// Of posts.
#[derive(ToSchema)]
struct PostFormats {
    image: FormatQualities,
    video: FormatQualities,
}

/// Of reels.
#[derive(ToSchema)]
struct ReelFormats {
    video: FormatQualities,
    audio_formats: Vec<AudioQuality>,
}

/// Values of `quality`.
#[derive(ToSchema)]
struct FormatQualities {
    qualities: Vec<FormatQuality>,
}

/// One of them.
#[derive(ToSchema)]
struct FormatQuality {
    name: String,
    #[schema(nullable = false)]
    description: Option<String>,
    #[schema(nullable = false)]
    resolution: Option<String>,
    #[schema(nullable = false)]
    height: Option<String>,
    #[schema(nullable = false)]
    bitrate: Option<String>,
    #[schema(nullable = false)]
    fps: Option<u32>,
}

/// One value of `audio_format`.
#[derive(ToSchema)]
struct AudioQuality {
    format: String,
    codec: String,
    bitrate: String,
    description: String,
}

/// Values of `output_format`.
#[derive(ToSchema)]
struct OutputFormats {
    image: Vec<String>,
    video: Vec<String>,
    audio: Vec<String>,
}

/// What this API is.
#[derive(ToSchema)]
pub(in crate::api) struct About {
    api: AboutApi,
    capabilities: Capabilities,
    limits: Limits,
    requirements: Requirements,
}

/// Its name.
#[derive(ToSchema)]
struct AboutApi {
    name: String,
    version: String,
    base_url: String,
    documentation_url: String,
}

/// What it can do.
#[derive(ToSchema)]
struct Capabilities {
    supported_content_types: Vec<String>,
    download_features: Vec<String>,
    statistics: Vec<String>,
}

/// How much of it.
#[derive(ToSchema)]
struct Limits {
    max_batch_size: u32,
    max_concurrent_downloads: u32,
    file_retention_minutes: u32,
    /// 0 for no limit.
    rate_limit_requests_per_minute: u32,
    max_file_size_mb: u32,
    max_carousel_items: u32,
}

/// What it wants.
#[derive(ToSchema)]
struct Requirements {
    content_must_be_public: bool,
    account_authentication: bool,
    requires_api_key: bool,
}
