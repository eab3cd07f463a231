//! Makes pictures: those that crates decode in this process, HEIC and AVIF with the video decoders of ffmpeg.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Error, ImageFormat, Media, Type, Unfinished, blocking,
    heif::{Codec, Coding, Still},
    kind, picture,
    picture::Facts,
};

impl Media {
    /// Returns whether pictures of this type can be converted here.
    pub async fn converts_image(&self, kind: Type) -> bool {
        match kind {
            Type::Jpeg | Type::Png | Type::Webp => true,
            Type::Heic => self.abilities().await.decodes("hevc"),
            Type::Avif => self.abilities().await.decodes("av1"),
            _ => false,
        }
    }

    /// Converts a picture to another format, or scales it down to a width in pixels. It is turned upright, and its
    /// colours keep their profile.
    ///
    /// # Errors
    /// [`Error::NotMedia`], [`Error::TooLarge`], [`Error::Unavailable`] for a HEIC or AVIF that ffmpeg cannot decode, or
    /// [`Error::Io`] if the disk fails.
    pub async fn image(
        &self,
        from: &Path,
        to: &Path,
        format: ImageFormat,
        width: Option<u32>,
    ) -> Result<(), Error> {
        let place = Arc::clone(&self.0.places).acquire_owned().await;
        let owned = from.to_owned();
        let kind = blocking(move || kind::of(&owned)).await?;
        let decoded = to.with_extension("decoded.png");
        let _decoded = Unfinished(Some(&decoded));
        let (from, facts) = if matches!(kind, Type::Heic | Type::Avif) {
            (decoded.clone(), Some(self.decode(from, &decoded).await?))
        } else {
            (from.to_owned(), None)
        };
        let (to, pixels) = (to.to_owned(), self.0.config.pixels_max);
        blocking(move || {
            // The permit moves into the task, because the task continues when the caller is dropped.
            let _place = place;
            picture::convert(&from, &to, format, width, pixels, facts)
        })
        .await
    }

    /// Writes the pixels of a HEIC or AVIF as a PNG, and returns what is true of them besides.
    async fn decode(&self, from: &Path, to: &Path) -> Result<Facts, Error> {
        let ffmpeg = self.ffmpeg().await?;
        let coded = to.with_extension("coded");
        let _coded = Unfinished(Some(&coded));
        let pixels_max = self.0.config.pixels_max;
        let (from, stream) = (from.to_owned(), coded.clone());
        let still = blocking(move || extract(&from, &stream, pixels_max)).await?;
        let (codec, demuxer) = match still.codec {
            Codec::Hevc => ("hevc", "hevc"),
            Codec::Av1 => ("av1", "obu"),
        };
        if !ffmpeg.abilities().decodes(codec) {
            return Err(Error::Unavailable);
        }
        let filter = filter(&still);
        let options = [
            "-map",
            "0:v:0",
            "-vf",
            &filter,
            "-frames:v",
            "1",
            "-c:v",
            "png",
        ];
        let inputs = [(coded.as_path(), demuxer)];
        // A pipe of pictures, so that the name of the file is no pattern.
        let muxer = ["-f", "image2pipe"];
        ffmpeg
            .run(&self.0.config, &inputs, &options, &muxer, to)
            .await?;
        Ok(Facts {
            turns: still.turns,
            profile: still.profile,
        })
    }
}

/// Writes the coded tiles of a picture as a stream. Blocks.
fn extract(from: &Path, to: &PathBuf, pixels_max: u64) -> Result<Still, Error> {
    let mut file = File::open(from)?;
    let still = Still::read(&mut file)?;
    let (width, height) = still.coded_size();
    if u64::from(width) * u64::from(height) > pixels_max {
        return Err(Error::TooLarge(format!("{width}x{height} pixels")));
    }
    std::fs::write(to, still.stream(&mut file)?)?;
    Ok(still)
}

/// The filter that puts tiles together, and cuts off what they have beyond the picture.
fn filter(still: &Still) -> String {
    let coding = still.coding.and_then(parameters).unwrap_or_default();
    let tile = match still.grid {
        (1, 1) => String::new(),
        (columns, rows) => format!("tile={columns}x{rows},"),
    };
    let (width, height) = still.coded_size();
    format!("{coding}{tile}format=rgb24,crop='min({width},iw)':'min({height},ih)':0:0")
}

/// States how colours are coded, where the file does: it counts more than the stream inside.
fn parameters(coding: Coding) -> Option<String> {
    let range = if coding.is_full_range {
        "full"
    } else {
        "limited"
    };
    let matrix = match coding.matrix {
        0 => "gbr",
        1 => "bt709",
        5 | 6 => "smpte170m",
        9 => "bt2020nc",
        _ => return None,
    };
    Some(format!("setparams=range={range}:colorspace={matrix},"))
}
