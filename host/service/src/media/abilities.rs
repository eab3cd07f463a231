//! What the ffmpeg of this machine can decode and encode, by the names of codecs that records and files use.

use super::AudioFormat;

/// A codec, and the decoders of ffmpeg that read it in software.
const DECODERS: [(&str, &[&str]); 10] = [
    ("h264", &["h264", "libopenh264"]),
    ("hevc", &["hevc"]),
    ("vp9", &["vp9", "libvpx-vp9"]),
    // The decoder `av1` only works with a graphics card.
    ("av1", &["libdav1d", "libaom-av1"]),
    ("aac", &["aac", "libfdk_aac"]),
    ("he-aac", &["aac", "libfdk_aac"]),
    ("he-aac-v2", &["aac", "libfdk_aac"]),
    ("xhe-aac", &["libfdk_aac"]),
    ("mp3", &["mp3float", "mp3"]),
    ("opus", &["opus", "libopus"]),
];
/// A codec, and the encoder that conversions use for it.
const ENCODERS: [(&str, &str); 3] = [("aac", "aac"), ("mp3", "libmp3lame"), ("h264", "libx264")];
/// The first version of ffmpeg whose own decoder of AAC reads xHE-AAC (its changelog, version 7.1).
const XHE_AAC_VERSION_MIN: (u32, u32) = (7, 1);

/// What can be converted here. Without ffmpeg it is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Abilities {
    converts: bool,
    decodes: Vec<&'static str>,
    encodes: Vec<&'static str>,
}

/// Those without ffmpeg.
pub(super) static NONE: Abilities = Abilities {
    converts: false,
    decodes: Vec::new(),
    encodes: Vec::new(),
};

impl Abilities {
    /// Every ability that conversions use.
    #[must_use]
    pub fn all() -> Self {
        Self {
            converts: true,
            decodes: DECODERS.map(|(codec, _)| codec).to_vec(),
            encodes: ENCODERS.map(|(codec, _)| codec).to_vec(),
        }
    }

    /// Reads the answer of `ffmpeg -codecs`; the version is unknown for development builds.
    pub(crate) fn of(codecs: &str, version: Option<(u32, u32)>) -> Self {
        let (decoders, encoders) = (
            named(codecs, 'D', "(decoders: "),
            named(codecs, 'E', "(encoders: "),
        );
        let reads_xhe = version.is_none_or(|version| version >= XHE_AAC_VERSION_MIN)
            && decoders.contains(&"aac");
        let decodes = DECODERS.into_iter().filter(|(codec, names)| {
            names.iter().any(|name| decoders.contains(name)) || *codec == "xhe-aac" && reads_xhe
        });
        let encodes = ENCODERS
            .into_iter()
            .filter(|(_, name)| encoders.contains(name));
        Self {
            converts: true,
            decodes: decodes.map(|(codec, _)| codec).collect(),
            encodes: encodes.map(|(codec, _)| codec).collect(),
        }
    }

    /// Returns whether ffmpeg is there, so that files can at least be merged and wrapped anew.
    #[must_use]
    pub fn converts(&self) -> bool {
        self.converts
    }

    /// Returns whether this codec can be decoded, as far as is known: others than the usual ones are tried.
    #[must_use]
    pub fn decodes(&self, codec: &str) -> bool {
        let is_usual = DECODERS.iter().any(|(usual, _)| *usual == codec);
        self.converts && (!is_usual || self.decodes.contains(&codec))
    }

    /// Returns whether this codec can be encoded.
    #[must_use]
    pub fn encodes(&self, codec: &str) -> bool {
        self.encodes.contains(&codec)
    }

    /// Returns whether a sound can be decoded, and encoded for a format.
    pub(super) fn encode_sound(&self, format: AudioFormat, codec: Option<&str>) -> bool {
        codec.is_none_or(|codec| self.decodes(codec))
            && format.codec().is_none_or(|codec| self.encodes(codec))
    }

    /// The names of what cannot be decoded or encoded, for the log. xHE-AAC is left out: few builds decode it, and the sound
    /// of the complete video stands in.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        let all = Self::all();
        let decodes = all.decodes.into_iter();
        let decodes = decodes.filter(|codec| !self.decodes.contains(codec) && *codec != "xhe-aac");
        let encodes = all.encodes.into_iter();
        let encodes = encodes.filter(|codec| !self.encodes.contains(codec));
        decodes.chain(encodes).collect()
    }
}

/// The decoders or encoders in lines such as ` DEV.LS h264  H.264 (decoders: h264 ) (encoders: libx264 )`. Where none
/// are listed, the only one has the name of the codec.
fn named<'a>(codecs: &'a str, flag: char, list: &str) -> Vec<&'a str> {
    let lines = codecs.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (flags, codec) = (words.next()?, words.next()?);
        let listed = line
            .split_once(list)
            .and_then(|(_, rest)| rest.split_once(')'));
        flags
            .contains(flag)
            .then(|| listed.map_or(codec, |(names, _)| names))
    });
    lines.flat_map(str::split_whitespace).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_codecs_says_what_can_be_done() {
        let codecs = " Codecs:\n D..... = Decoding supported\n -------\n\
             DEV.LS h264   H.264 (decoders: h264 h264_v4l2m2m ) (encoders: libx264 h264_nvenc )\n\
             DEV.L. av1    Alliance for Open Media AV1 (decoders: av1 av1_qsv ) (encoders: libsvtav1 )\n\
             DEAIL. aac    AAC (Advanced Audio Coding) (decoders: aac aac_fixed )\n\
             D.V.L. hevc   H.265\n\
             D.AIL. mp3    MP3 (decoders: mp3float mp3 )\n";
        let old = Abilities::of(codecs, Some((5, 1)));
        let decoded = ["h264", "hevc", "aac", "he-aac", "mp3", "dts"];
        assert!(decoded.iter().all(|codec| old.decodes(codec)), "{old:?}");
        let unknown = ["av1", "vp9", "xhe-aac", "opus"];
        assert!(!unknown.iter().any(|codec| old.decodes(codec)), "{old:?}");
        assert_eq!(
            ["h264", "aac", "mp3"].map(|codec| old.encodes(codec)),
            [true, true, false]
        );
        for new in [Some((7, 1)), Some((8, 0)), None] {
            assert!(Abilities::of(codecs, new).decodes("xhe-aac"), "{new:?}");
        }
        assert!(!Abilities::default().decodes("dts") && !Abilities::default().converts());
    }
}
