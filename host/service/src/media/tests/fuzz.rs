//! Damaged and hostile media: pictures through the decoders and encoders, and films through the readers of boxes.

use super::*;
use crate::media::whole::is_whole;

/// A JPEG, PNG and WebP, small enough that decoding one takes no time.
fn pictures() -> Vec<Vec<u8>> {
    let formats = [Format::Jpeg, Format::Png, Format::WebP];
    formats.map(|format| picture(24, 16, format)).to_vec()
}

#[test]
fn damaged_pictures() {
    let folder = tempfile::tempdir().unwrap();
    ::fuzz::target("pictures", &pictures(), |input| {
        let from = put(&folder, "from", input);
        let _refused = kind::probe(&from);
        let Some(kind) = sniff(input) else { return };
        let _cut = is_whole(&mut Cursor::new(input), kind);
        if !matches!(kind, Type::Jpeg | Type::Png | Type::Webp) {
            return;
        }
        let to = folder.path().join("to.jpg");
        let made = picture::convert(&from, &to, ImageFormat::Jpg, Some(8), 10_000, None);
        // Whatever came in, what comes out is a whole picture, or nothing.
        match made {
            Ok(()) => {
                let made = fs::read(&to).unwrap();
                assert!(is_whole_content(&made) && sniff(&made) == Some(Type::Jpeg));
                assert!(kind::probe(&to).is_ok());
                fs::remove_file(&to).unwrap();
            }
            Err(_) => assert!(!to.exists()),
        }
    });
}

#[test]
fn damaged_films() {
    let folder = tempfile::tempdir().unwrap();
    let films = [
        ("a.mp4", &["-movflags", "+faststart"][..]),
        (
            "b.mp4",
            &["-movflags", "+frag_keyframe+empty_moov+dash+global_sidx"],
        ),
        ("c.mkv", &[]),
    ];
    // What is behind the boxes is never read.
    let seeds = films.map(|(name, more)| {
        let film = fs::read(film(&folder, name, more)).unwrap();
        film[..film.len().min(8192)].to_vec()
    });
    ::fuzz::target("films", &seeds, |input| {
        let mut file = Cursor::new(input);
        if let Ok(probe) = boxes::probe(&mut file, nothing()) {
            assert!(
                probe
                    .duration_s
                    .is_none_or(|seconds| seconds.is_finite() && seconds >= 0.0)
            );
        }
        if let Ok(still) = heif::Still::read(&mut file) {
            let _stream = (still.size(), still.stream(&mut file));
        }
        for kind in [
            Type::Mp4,
            Type::Mov,
            Type::M4a,
            Type::Mkv,
            Type::Heic,
            Type::Avif,
            Type::Wav,
            Type::Mp3,
            Type::Aac,
        ] {
            let _cut = is_whole(&mut file, kind);
        }
    });
}
