//! How a type of a contract becomes the host's own and back; each version of the contract says it for its types.

use crate::contract::record::More;

/// One type into its counterpart, through lists and options.
pub(crate) trait Convert<To> {
    fn convert(self) -> To;
}

impl<From: Convert<To>, To> Convert<Vec<To>> for Vec<From> {
    fn convert(self) -> Vec<To> {
        self.into_iter().map(Convert::convert).collect()
    }
}

impl<From: Convert<To>, To> Convert<Option<To>> for Option<From> {
    fn convert(self) -> Option<To> {
        self.map(Convert::convert)
    }
}

impl Convert<More> for Vec<(String, String)> {
    fn convert(self) -> More {
        self.into()
    }
}

/// Types that are the same on both sides.
macro_rules! as_they_are {
    ($($type:ty),+) => {
        $(impl Convert<Self> for $type {
            fn convert(self) -> Self {
                self
            }
        })+
    };
}
as_they_are!(bool, u32, u64, f64, String, bytes::Bytes);

/// Records whose fields have the same names on both sides; a field that only one side has does not compile.
macro_rules! same_fields {
    ($($from:path => $to:path { $($field:ident),+ $(,)? })+) => {
        $(impl Convert<$to> for $from {
            fn convert(self) -> $to {
                let Self { $($field),+ } = self;
                $to { $($field: Convert::convert($field)),+ }
            }
        })+
    };
}
pub(crate) use same_fields;
