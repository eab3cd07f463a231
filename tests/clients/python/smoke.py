"""What a generated client is for, once through: look, be refused, download. Type-checking it is half of the test."""

import os
import time
from uuid import UUID

from gramhost_client import Client
from gramhost_client.api.content_information import get_post_info
from gramhost_client.api.download_operations import download_batch, download_reel
from gramhost_client.api.file_download import get_file
from gramhost_client.api.job_management import get_job_status
from gramhost_client.api.profile_user_information import get_profile_info
from gramhost_client.api.utility import get_formats
from gramhost_client.models import (
    BatchBody,
    BatchItem,
    BatchItemType,
    Envelope,
    Formats,
    Job,
    JobState,
    Post,
    Profile,
    ReelBody,
    ReelBodyQualityType0,
    StartedBatch,
    StartedJob,
    StartedReel,
)

api = Client(base_url=os.environ["GRAMHOST"])


def ended(job_id: UUID) -> Job:
    """Until a job has ended."""
    while True:
        job = get_job_status.sync(str(job_id), client=api)
        assert isinstance(job, Job), job
        if job.status not in (JobState.PENDING, JobState.PROCESSING):
            return job
        time.sleep(0.05)


seen = get_profile_info.sync(client=api, username="gramhost.demo")
assert isinstance(seen, Profile), seen
assert seen.followers_count == 12840

carousel = get_post_info.sync(client=api, url_or_code="De0N5pLMixd")
assert isinstance(carousel, Post) and carousel.carousel_media
assert len(carousel.carousel_media) == 3

refused = get_profile_info.sync_detailed(client=api, username="not a name")
assert refused.status_code == 400 and isinstance(refused.parsed, Envelope)
assert refused.parsed.error.code == "INVALID_USERNAME"

started = download_reel.sync(client=api, body=ReelBody(url="DfF-eHzReel", quality=ReelBodyQualityType0("1080p")))
assert isinstance(started, StartedJob) and isinstance(started.reel_info, StartedReel)
assert started.reel_info.owner == "gramhost.demo"
job = ended(started.job_id)
assert job.status is JobState.COMPLETED and job.files
filename = job.files[0].filename
file = get_file.sync_detailed(filename, client=api)
assert job.total_size_mb and len(file.content) == round(job.total_size_mb * 1e6)

items = [BatchItem(url="DfDjNmTDemo", type_=BatchItemType.POST)]
batch = download_batch.sync(client=api, body=BatchBody(items=items))
assert isinstance(batch, StartedBatch)
parts = ended(batch.batch_job_id).items
assert parts and parts[0].status is JobState.COMPLETED

known = get_formats.sync(client=api)
assert isinstance(known, Formats) and known.reel_formats.audio_formats[1].format_ == "mp3"
print(f"python: {filename}, {len(file.content)} bytes")
