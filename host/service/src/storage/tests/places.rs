//! What holds wherever files are: the same tests on a folder and on a bucket of a real store.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, future::join_all};
use uuid::Uuid;

use super::*;
use crate::storage::bucket::tests::{at_prefix, config_of};

const MIB: usize = 1 << 20;

/// A store of files, and what makes it last.
struct Kept {
    storage: Storage,
    owner: Owner,
    config: Config,
    _folder: TempDir,
}

impl Kept {
    async fn open(files: Option<BucketAddress>, quota_bytes: u64) -> Self {
        let (folder, owner) = own();
        let config = Config {
            s3: match files {
                Some(_) => config_of(),
                None => BucketConfig::default(),
            },
            files,
            quota_bytes,
            free_bytes_min: 0,
        };
        Self {
            storage: Storage::open(config.clone(), &owner).await.unwrap(),
            owner,
            config,
            _folder: folder,
        }
    }

    /// Publishes for another job each time.
    async fn put(&self, at: &str, contents: &[u8]) -> Publication {
        self.put_by(at, contents, &Uuid::new_v4().to_string()).await
    }

    async fn put_by(&self, at: &str, contents: &[u8], by: &str) -> Publication {
        let Self { storage, .. } = self;
        let staging = storage.stage().unwrap();
        let path = staging.file("part");
        fs::write(&path, contents).unwrap();
        let publication = Publication {
            by: by.to_owned(),
            ..publication(storage, at, &path).await
        };
        let brought = storage.bring(&path, &publication, "video/mp4").await;
        brought.unwrap();
        storage.publish(&path, &publication).await.unwrap();
        publication
    }

    /// What reading says of a publication that is not there.
    async fn is_gone(&self, publication: &Publication) -> bool {
        let read = async {
            let file = opened(&self.storage, publication).await?;
            file.read(0..publication.content.bytes).await
        };
        matches!(read.await, Err(Error::NotFound))
    }
}

/// Bytes in which no two places look alike.
fn bytes(count: usize) -> Vec<u8> {
    (0..count.div_ceil(4) as u32)
        .flat_map(u32::to_be_bytes)
        .take(count)
        .collect()
}

/// Runs each test in both places.
macro_rules! in_both_places {
    ($($test:ident)*) => {
        mod folder {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test(None).await;
            })*
        }

        mod bucket {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test(Some(super::at_prefix(stringify!($test)))).await;
            })*
        }
    };
}

in_both_places! {
    every_length_is_read_as_it_was_written
    parts_are_exact
    nothing_is_seen_before_it_is_published
    what_is_replaced_is_replaced_as_a_whole
    the_same_twice_is_the_same
    what_is_deleted_is_gone_and_may_be_deleted_again
    who_reads_reads_on_while_the_file_is_deleted
    many_read_at_once
    the_quota_counts_what_is_there
    equal_states_mean_equal_bytes
    an_attempt_that_ends_early_leaves_nothing_to_see
    a_name_is_plain
}

async fn every_length_is_read_as_it_was_written(files: Option<BucketAddress>) {
    let kept = Kept::open(files, 1 << 30).await;
    for length in [0, 1, 64 << 10, 8 * MIB, 8 * MIB + 1, 25 * MIB] {
        let contents = bytes(length);
        let at = kept.put("a_video.mp4", &contents).await;
        assert!(get(&kept.storage, &at, None).await == contents, "{length}");
        assert!(kept.storage.holds(&at).await.unwrap(), "{length}");
        let file = opened(&kept.storage, &at).await.unwrap();
        assert!(file.has(&at.content).await.unwrap(), "{length}");
        assert_eq!(file.stat().bytes, length as u64);
    }
}

async fn parts_are_exact(files: Option<BucketAddress>) {
    let kept = Kept::open(files, 1 << 30).await;
    let contents = bytes(9 * MIB);
    let at = kept.put("a_video.mp4", &contents).await;
    let (part, whole) = (8 * MIB, contents.len());
    for range in [
        0..1,
        1..2,
        part - 1..part + 1,
        part..whole,
        whole - 1..whole,
        0..whole,
    ] {
        let read = get(
            &kept.storage,
            &at,
            Some(range.start as u64..range.end as u64),
        )
        .await;
        assert!(read == contents[range.clone()], "{range:?}");
    }
}

async fn nothing_is_seen_before_it_is_published(files: Option<BucketAddress>) {
    let kept = Kept::open(files, 1 << 30).await;
    let Kept { storage, .. } = &kept;
    let staging = storage.stage().unwrap();
    let path = staging.file("part");
    fs::write(&path, b"hello").unwrap();
    let at = publication(storage, "a_image.jpg", &path).await;
    assert!(kept.is_gone(&at).await);
    assert!(!matches!(storage.holds(&at).await, Ok(true)));
    assert_eq!(storage.used_bytes(), 0);
    storage.bring(&path, &at, "image/jpeg").await.unwrap();
    storage.publish(&path, &at).await.unwrap();
    assert_eq!(get(storage, &at, None).await, b"hello");
    assert_eq!(storage.used_bytes(), 5);
}

async fn what_is_replaced_is_replaced_as_a_whole(files: Option<BucketAddress>) {
    let kept = Kept::open(files, 1 << 30).await;
    let first = kept.put("a_image.jpg", b"first").await;
    let second = kept.put("a_image.jpg", b"the second").await;
    kept.storage.delete_replaced(&first).await.unwrap();
    assert_eq!(get(&kept.storage, &second, None).await, b"the second");
    assert!(!matches!(kept.storage.holds(&first).await, Ok(true)));
    assert_eq!(kept.storage.used_bytes(), 10);
}

/// An attempt that is repeated, or goes on after another one was begun, writes the same.
async fn the_same_twice_is_the_same(files: Option<BucketAddress>) {
    let kept = Kept::open(files, 1 << 30).await;
    let contents = bytes(9 * MIB);
    let job = Uuid::new_v4().to_string();
    let twice = (0..2).map(|_| kept.put_by("a_video.mp4", &contents, &job));
    let twice = join_all(twice).await;
    assert_eq!(twice[0], twice[1]);
    assert!(get(&kept.storage, &twice[0], None).await == contents);
}

async fn what_is_deleted_is_gone_and_may_be_deleted_again(files: Option<BucketAddress>) {
    let kept = Kept::open(files, 1 << 30).await;
    let (one, other) = (
        kept.put("a.jpg", b"one").await,
        kept.put("b.jpg", b"other").await,
    );
    for _ in 0..2 {
        kept.storage.delete(&one).await.unwrap();
        assert!(kept.is_gone(&one).await);
    }
    assert_eq!(get(&kept.storage, &other, None).await, b"other");
}

async fn who_reads_reads_on_while_the_file_is_deleted(files: Option<BucketAddress>) {
    let kept = Kept::open(files, 1 << 30).await;
    let contents = bytes(3 * MIB);
    let at = kept.put("a.mp4", &contents).await;
    let file = opened(&kept.storage, &at).await.unwrap();
    let mut readers = Vec::new();
    for _ in 0..4 {
        let mut pieces = file.read(0..file.stat().bytes).await.unwrap();
        let first = pieces.next().await.unwrap().unwrap();
        readers.push((first, pieces));
    }
    kept.storage.delete(&at).await.unwrap();
    for (first, pieces) in readers {
        let rest: Vec<Bytes> = pieces.try_collect().await.unwrap();
        assert!([&first[..], &rest.concat()].concat() == contents);
    }
    assert!(kept.is_gone(&at).await);
}

async fn many_read_at_once(files: Option<BucketAddress>) {
    let kept = Kept::open(files, 1 << 30).await;
    let contents = bytes(MIB);
    let at = kept.put("a.mp4", &contents).await;
    let reading = (0..16).map(|_| get(&kept.storage, &at, None));
    for read in join_all(reading).await {
        assert!(read == contents);
    }
}

async fn the_quota_counts_what_is_there(files: Option<BucketAddress>) {
    let kept = Kept::open(files, 10).await;
    let Kept { storage, .. } = &kept;
    let first = kept.put("a.jpg", b"12345678").await;
    storage.has_room(2).unwrap();
    assert!(matches!(storage.has_room(3), Err(Error::Full(_))));
    // A file of the same name replaces the first one.
    let second = kept.put("a.jpg", b"1234").await;
    storage.delete_replaced(&first).await.unwrap();
    storage.has_room(6).unwrap();
    // After a restart, a folder is counted, and of a bucket the rows tell it.
    let again = Storage::open(kept.config.clone(), &kept.owner).await;
    let again = again.unwrap();
    again.count_as(4);
    assert!(matches!(again.has_room(7), Err(Error::Full(_))));
    again.delete(&second).await.unwrap();
    again.has_room(10).unwrap();
    again.delete(&second).await.unwrap();
    again.has_room(10).unwrap();
}

async fn equal_states_mean_equal_bytes(files: Option<BucketAddress>) {
    let kept = Kept::open(files, 1 << 30).await;
    let hello = kept.put("a_image.jpg", b"hello").await;
    let states = [opened(&kept.storage, &hello).await.unwrap().stat(); 2];
    assert_eq!(
        opened(&kept.storage, &hello).await.unwrap().stat(),
        states[0]
    );
    let jello = kept.put("a_image.jpg", b"jello").await;
    assert_ne!(
        opened(&kept.storage, &jello).await.unwrap().stat(),
        states[0]
    );
    let file = opened(&kept.storage, &jello).await.unwrap();
    assert!(file.has(&jello.content).await.unwrap());
    let longer = FileDigest {
        bytes: 6,
        ..jello.content
    };
    assert!(!file.has(&longer).await.unwrap());
}

/// Dropped at arbitrary points, as a job is when its client cancels it or the server ends.
async fn an_attempt_that_ends_early_leaves_nothing_to_see(files: Option<BucketAddress>) {
    let kept = Kept::open(files, 1 << 30).await;
    let Kept { storage, .. } = &kept;
    let contents = bytes(20 * MIB);
    for polls in [1, 3, 6, 10] {
        let staging = storage.stage().unwrap();
        let path = staging.file("part");
        fs::write(&path, &contents).unwrap();
        let mut at = publication(storage, "a_video.mp4", &path).await;
        at.by = Uuid::new_v4().to_string();
        let mut bringing = Box::pin(storage.bring(&path, &at, "video/mp4"));
        for _ in 0..polls {
            let over = futures_util::poll!(&mut bringing).is_ready();
            if over {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(bringing);
        assert!(kept.is_gone(&at).await, "{polls}");
        assert_eq!(storage.used_bytes(), 0);
    }
}

async fn a_name_is_plain(files: Option<BucketAddress>) {
    let kept = Kept::open(files, 1 << 30).await;
    for other in ["ü_image.jpg", "写真.jpg", "a b.jpg", "a/b.jpg", "a%2fb.jpg"] {
        assert_eq!(Name::parse(other), None, "{other}");
    }
    // The most that a name can have.
    let longest = format!("-{}.webp", "a_.-9Z".repeat(20));
    let mut read = BTreeSet::new();
    for at in [
        "-rf_video_2.mp4",
        "a..b_image.jpg",
        "_.jpg",
        longest.as_str(),
    ] {
        let at = kept.put(at, at.as_bytes()).await;
        read.insert(get(&kept.storage, &at, None).await);
    }
    assert_eq!(read.len(), 4);
}
