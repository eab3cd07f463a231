//! Conversion between the types of a contract and those of the host. Each version of the contract implements it for
//! its types.

use crate::contract::record::More;

/// Converts a type into its counterpart, also inside lists and options.
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

/// Implements the conversion for types that are the same on both sides.
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

/// Converts records whose fields have the same names on both sides. If only one side has a field, it does not compile.
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
