//! HEIC and AVIF: described as they are, and decoded by the ffmpeg of this machine. The pictures are made here: coded by
//! ffmpeg, put into their container by hand.

use image::RgbImage;

use super::{program, *};
use crate::media::{
    boxes::{children, descend},
    whole,
};

fn boxed(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(8 + body.len()).unwrap().to_be_bytes();
    [&length, &name[..], body].concat()
}

/// A box with a version and flags.
fn full(name: &[u8; 4], version: u8, body: &[u8]) -> Vec<u8> {
    boxed(name, &[&[version, 0, 0, 0], body].concat())
}

/// One coded picture: the configuration of its decoder, and its data.
struct Coded {
    config: Vec<u8>,
    data: Vec<u8>,
}

/// A picture of one colour, coded in an mp4, and taken out of it.
fn coded(folder: &TempDir, encoder: &[&str], color: &str, size: &str) -> Coded {
    let path = folder.path().join("coded.mp4");
    let source = format!("color=c={color}:size={size}:rate=1:duration=1");
    let made = Command::new("ffmpeg")
        .args([
            "-nostdin",
            "-loglevel",
            "error",
            "-y",
            "-f",
            "lavfi",
            "-i",
            &source,
        ])
        .args(["-frames:v", "1", "-pix_fmt", "yuv420p"])
        .args(encoder)
        .arg(&path)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let bytes = fs::read(&path).unwrap();
    let path: [&[u8; 4]; 6] = [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd"];
    let entry = &descend(&bytes, &path).unwrap()[8..];
    let config = children(&entry[86..]).find(|(name, _)| matches!(*name, b"hvcC" | b"av1C"));
    Coded {
        config: config.unwrap().1.to_vec(),
        data: descend(&bytes, &[b"mdat"]).unwrap().to_vec(),
    }
}

const HEVC: [&str; 6] = [
    "-c:v",
    "libx265",
    "-x265-params",
    "log-level=none",
    "-tag:v",
    "hvc1",
];
const AV1: [&str; 4] = ["-c:v", "libaom-av1", "-cpu-used", "8"];

/// A picture file: its brand, type of item, tiles, and size; several tiles are a grid of two columns.
struct Picture<'a> {
    brand: &'a [u8; 4],
    kind: &'a [u8; 4],
    config: &'a [u8; 4],
    tiles: &'a [Coded],
    tile: (u32, u32),
    size: (u32, u32),
    /// Further properties of the whole, as boxes.
    more: &'a [Vec<u8>],
}

impl Picture<'_> {
    fn file(&self) -> Vec<u8> {
        let start = boxed(
            b"ftyp",
            &[self.brand, &[0; 4][..], b"mif1", self.brand].concat(),
        );
        // The description has the same length wherever the data are.
        let data_at = start.len() + self.meta(0).len() + 8;
        let data: Vec<u8> = self
            .tiles
            .iter()
            .flat_map(|tile| tile.data.clone())
            .collect();
        [start, self.meta(data_at), boxed(b"mdat", &data)].concat()
    }

    fn meta(&self, data_at: usize) -> Vec<u8> {
        let count = u16::try_from(self.tiles.len()).unwrap();
        let is_grid = count > 1;
        let main = if is_grid { count + 1 } else { 1 };
        let item = |id: u16, kind: &[u8; 4]| {
            let mut infe = full(
                b"infe",
                2,
                &[&id.to_be_bytes(), &[0; 2][..], kind, &[0]].concat(),
            );
            infe[11] = u8::from(id != main);
            infe
        };
        let mut items: Vec<u8> = (1..=count).flat_map(|id| item(id, self.kind)).collect();
        let grid: Vec<u8> = [
            &[0, 0, u8::try_from(count / 2).unwrap().saturating_sub(1), 1][..],
            &u16::try_from(self.size.0).unwrap().to_be_bytes(),
            &u16::try_from(self.size.1).unwrap().to_be_bytes(),
        ]
        .concat();
        let mut places = Vec::new();
        let mut at = data_at;
        for (id, tile) in (1_u16..).zip(self.tiles) {
            places.extend(place(id, 0, at, tile.data.len()));
            at += tile.data.len();
        }
        let mut parts = Vec::new();
        if is_grid {
            items.extend(item(main, b"grid"));
            places.extend(place(main, 1, 0, grid.len()));
            let tiles: Vec<u8> = (1..=count).flat_map(u16::to_be_bytes).collect();
            let dimg = [&main.to_be_bytes(), &count.to_be_bytes()[..], &tiles].concat();
            parts = full(b"iref", 0, &boxed(b"dimg", &dimg));
        }
        let entries = main.to_be_bytes();
        let body = [
            full(b"hdlr", 0, &[&[0; 4], &b"pict"[..], &[0; 13]].concat()),
            full(b"pitm", 0, &main.to_be_bytes()),
            full(b"iloc", 1, &[&[0x44, 0], &entries[..], &places].concat()),
            full(b"iinf", 0, &[&entries[..], &items].concat()),
            parts,
            self.properties(count, main),
            boxed(b"idat", &grid),
        ];
        full(b"meta", 0, &body.concat())
    }

    /// Properties 1 and 2 belong to all tiles, 3 and further ones to the whole.
    fn properties(&self, count: u16, main: u16) -> Vec<u8> {
        let ispe = |(width, height): (u32, u32)| {
            full(
                b"ispe",
                0,
                &[width.to_be_bytes(), height.to_be_bytes()].concat(),
            )
        };
        let all = [
            boxed(self.config, &self.tiles[0].config),
            ispe(self.tile),
            ispe(self.size),
            self.more.concat(),
        ];
        let extra = u8::try_from(self.more.len()).unwrap();
        let mut owned = Vec::new();
        for id in 1..=count.max(main) {
            let mut numbers = if id <= count { vec![0x81, 2] } else { vec![3] };
            if id == main {
                numbers.extend(4..4 + extra);
            }
            owned.extend(id.to_be_bytes());
            owned.push(u8::try_from(numbers.len()).unwrap());
            owned.extend(numbers);
        }
        let entries = u32::from(count.max(main)).to_be_bytes();
        let ipma = full(b"ipma", 0, &[&entries[..], &owned].concat());
        boxed(b"iprp", &[boxed(b"ipco", &all.concat()), ipma].concat())
    }
}

/// An entry of `iloc`: one extent, in the file or in `idat`.
fn place(id: u16, method: u16, at: usize, length: usize) -> Vec<u8> {
    let number = |number: usize| u32::try_from(number).unwrap().to_be_bytes();
    [
        &id.to_be_bytes()[..],
        &method.to_be_bytes(),
        &[0, 0, 0, 1],
        &number(at),
        &number(length),
    ]
    .concat()
}

fn turned(name: &[u8; 4], value: u8) -> Vec<u8> {
    boxed(name, &[value])
}

fn read(path: &Path) -> RgbImage {
    image::ImageReader::open(path)
        .unwrap()
        .with_guessed_format()
        .unwrap()
        .decode()
        .unwrap()
        .to_rgb8()
}

/// A HEIC of one coded picture.
fn heic(tile: &[Coded], more: &[Vec<u8>]) -> Vec<u8> {
    let size = (64, 96);
    Picture {
        brand: b"heic",
        kind: b"hvc1",
        config: b"hvcC",
        tiles: tile,
        tile: size,
        size,
        more,
    }
    .file()
}

#[tokio::test]
async fn a_heic_and_an_avif_are_told_measured_and_whole() {
    let folder = tempfile::tempdir().unwrap();
    let red = [coded(&folder, &HEVC, "red", "64x96")];
    let plain = heic(&red, &[]);
    let quarter = heic(&red, &[turned(b"irot", 3)]);
    let half = heic(&red, &[turned(b"irot", 2), turned(b"imir", 1)]);
    for (bytes, size) in [(&plain, (64, 96)), (&quarter, (96, 64)), (&half, (64, 96))] {
        let from = put(&folder, "a.heic", bytes);
        let probe = media().probe(&from).await.unwrap();
        assert_eq!(
            (probe.kind, probe.width.zip(probe.height)),
            (Type::Heic, Some(size))
        );
        for length in 64..bytes.len() {
            let cut = whole::is_whole(&mut Cursor::new(&bytes[..length]), Type::Heic);
            assert!(!cut.unwrap_or(false), "{length} of {}", bytes.len());
        }
        assert!(whole::is_whole(&mut Cursor::new(bytes), Type::Heic).unwrap());
    }
    for (major, compatible, kind) in [
        ("heix", "", Type::Heic),
        ("mif1", "heic", Type::Heic),
        ("mif1", "avif", Type::Avif),
        ("msf1", "hevc", Type::Heic),
        ("avif", "", Type::Avif),
        ("avis", "avif", Type::Avif),
    ] {
        let head = boxed(
            b"ftyp",
            format!("{major}\0\0\0\0mif1{compatible}").as_bytes(),
        );
        assert_eq!(sniff(&head), Some(kind), "{major} {compatible}");
    }
    assert_eq!(Type::Avif.content_type(), "image/avif");
}

#[tokio::test]
async fn a_heic_becomes_every_other_format_upright_and_with_its_profile() {
    let folder = tempfile::tempdir().unwrap();
    let media = program::media(&folder).await;
    let mut profile = [9; 200];
    profile[16..20].copy_from_slice(b"RGB ");
    let colr = boxed(b"colr", &[b"prof", &profile[..]].concat());
    let red = [coded(&folder, &HEVC, "red", "64x96")];
    let from = put(&folder, "a.heic", &heic(&red, &[colr, turned(b"irot", 1)]));
    for format in [ImageFormat::Jpg, ImageFormat::Png, ImageFormat::Webp] {
        let to = folder.path().join(format!("to.{}", format.extension()));
        media.image(&from, &to, format, None).await.unwrap();
        let image = read(&to);
        assert_eq!(image.dimensions(), (96, 64), "{format:?}");
        let pixel = image.get_pixel(50, 30).0;
        assert!(
            pixel[0] > 230 && pixel[1] < 30 && pixel[2] < 30,
            "{format:?}: {pixel:?}"
        );
        let bytes = fs::read(&to).unwrap();
        let kept = bytes
            .windows(150)
            .any(|part| part.iter().all(|byte| *byte == 9));
        // In a PNG the profile is compressed.
        assert_eq!(kept, format != ImageFormat::Png, "{format:?}");
    }
    let to = folder.path().join("small.jpg");
    media
        .image(&from, &to, ImageFormat::Jpg, Some(48))
        .await
        .unwrap();
    assert_eq!(read(&to).dimensions(), (48, 32));
    let left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|file| file.unwrap().file_name())
        .collect();
    let is_left = |name: &std::ffi::OsString| name.to_string_lossy().contains("decoded");
    assert!(!left.iter().any(is_left), "{left:?}");
}

#[tokio::test]
async fn the_tiles_of_a_grid_are_put_together_and_cut_to_size() {
    let folder = tempfile::tempdir().unwrap();
    let media = program::media(&folder).await;
    for (encoder, brand, kind, config) in [
        (&HEVC[..], b"heic", b"hvc1", b"hvcC"),
        (&AV1[..], b"avif", b"av01", b"av1C"),
    ] {
        let colors = ["red", "lime", "blue", "white"];
        let tiles = colors.map(|color| coded(&folder, encoder, color, "64x64"));
        let picture = Picture {
            brand,
            kind,
            config,
            tiles: &tiles,
            tile: (64, 64),
            size: (101, 99),
            more: &[],
        };
        let from = put(&folder, "a", &picture.file());
        let probe = media.probe(&from).await.unwrap();
        assert_eq!(probe.width.zip(probe.height), Some((101, 99)));
        let to = folder.path().join("to.png");
        media
            .image(&from, &to, ImageFormat::Png, None)
            .await
            .unwrap();
        let image = read(&to);
        assert_eq!(image.dimensions(), (101, 99));
        for ((x, y), color) in [
            ((10, 10), [255, 0, 0]),
            ((90, 10), [0, 255, 0]),
            ((10, 90), [0, 0, 255]),
            ((100, 98), [255, 255, 255]),
        ] {
            let pixel = image.get_pixel(x, y).0;
            let is_near = pixel
                .iter()
                .zip(color)
                .all(|(one, other)| one.abs_diff(other) < 12);
            assert!(is_near, "{kind:?} {x} {y}: {pixel:?}");
        }
    }
}

#[tokio::test]
async fn without_a_decoder_a_heic_is_refused_and_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let red = [coded(&folder, &HEVC, "red", "64x96")];
    let from = put(&folder, "a.heic", &heic(&red, &[]));
    let to = folder.path().join("to.jpg");
    let (poor, _) = program::media_of(&folder, "5.1", "exit 1").await;
    for media in [media(), poor] {
        assert!(!media.converts_image(Type::Heic).await && media.converts_image(Type::Jpeg).await);
        let refused = media.image(&from, &to, ImageFormat::Jpg, None).await;
        assert!(matches!(refused, Err(Error::Unavailable)), "{refused:?}");
        assert!(!to.exists());
    }
}

#[tokio::test]
async fn a_heic_of_too_many_pixels_is_refused_by_its_description() {
    let folder = tempfile::tempdir().unwrap();
    let red = [coded(&folder, &HEVC, "red", "64x96")];
    let from = put(&folder, "a.heic", &heic(&red, &[]));
    let config = Config {
        pixels_max: 1_000,
        ..program::config(&folder)
    };
    let to = folder.path().join("to.jpg");
    let refused = Media::open(config)
        .image(&from, &to, ImageFormat::Jpg, None)
        .await;
    assert!(matches!(refused, Err(Error::TooLarge(_))), "{refused:?}");
}

proptest! {
    #[test]
    fn a_heic_with_wrong_bytes_is_no_panic(wrong in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..20)) {
        static HEIC: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
            let folder = tempfile::tempdir().unwrap();
            let tiles = ["red", "blue"].map(|color| coded(&folder, &HEVC, color, "64x64"));
            Picture { brand: b"heic", kind: b"hvc1", config: b"hvcC", tiles: &tiles, tile: (64, 64), size: (128, 64), more: &[] }.file()
        });
        let mut file = HEIC.clone();
        let described = file.windows(4).position(|four| four == b"mdat").unwrap();
        for (index, byte) in wrong {
            let at = index.index(described);
            file[at] = byte;
        }
        let mut file = Cursor::new(file);
        if let Ok(still) = heif::Still::read(&mut file) {
            let _ = (still.size(), still.stream(&mut file));
        }
        let _ = whole::is_whole(&mut file, Type::Heic);
    }
}
