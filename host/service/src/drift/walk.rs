//! Walks through a record, whatever its type, and counts which of its fields are stated. What a type tells `serde` of
//! itself is all that is needed: no value is converted.

use std::fmt::{self, Write as _};

use serde::ser::{Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, Serializer};

use super::fields::{Fields, Step};

/// The field of a record that states the type of a medium.
const TYPE: &str = "media_type";

/// Counts the fields of a record.
pub(super) fn count(record: &impl Serialize, fields: &mut Fields) {
    enter(record, fields, Some(Fields::ROOT));
}

/// Counts the fields of the value at a place; `None` if there is no room for more places. Returns whether the value is
/// stated.
fn enter<T: Serialize + ?Sized>(value: &T, fields: &mut Fields, place: Option<usize>) -> bool {
    let typed = Walk(Aim::Type(None)).at(value).media_type;
    let place = match (place, typed) {
        (Some(place), Some(name)) => fields.child(place, Step::Type(name), 0),
        (place, _) => place,
    };
    Walk(Aim::Count { fields, place }).at(value).stated
}

/// What a walk is for.
enum Aim<'a> {
    /// To count the fields of the value at this place.
    Count {
        fields: &'a mut Fields,
        place: Option<usize>,
    },
    /// To find the type of a medium, which its path begins with.
    Type(Option<&'static str>),
}

/// What a walk finds out about a value.
#[derive(Clone, Copy, Default)]
struct Found {
    /// Whether it is stated. An empty list counts as absent.
    stated: bool,
    /// Which variant it is.
    variant: Option<&'static str>,
    /// The type that it states, if it is a medium.
    media_type: Option<&'static str>,
}

/// A value that is stated, and has no parts.
const STATED: Found = Found {
    stated: true,
    variant: None,
    media_type: None,
};

/// A walk that comes to a value.
struct Walk<'a>(Aim<'a>);

/// A walk among the parts of a value.
struct Parts<'a> {
    aim: Aim<'a>,
    /// How many came before.
    count: usize,
    /// The name of the next entry of a map.
    key: String,
}

impl<'a> Walk<'a> {
    fn at<T: Serialize + ?Sized>(self, value: &T) -> Found {
        // Fails only for forms that no record has.
        value.serialize(self).unwrap_or_default()
    }

    fn parts(self) -> Parts<'a> {
        Parts {
            aim: self.0,
            count: 0,
            key: String::new(),
        }
    }
}

impl Parts<'_> {
    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        match &mut self.aim {
            Aim::Type(found) if name == TYPE => *found = Walk(Aim::Type(None)).at(value).variant,
            Aim::Type(_) => {}
            Aim::Count { fields, place } => {
                let child =
                    place.and_then(|place| fields.child(place, Step::Field(name), self.count));
                let stated = enter(value, fields, child);
                if let Some(child) = child {
                    fields.add(child, stated);
                }
            }
        }
        self.count += 1;
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) {
        if let Aim::Count { fields, place } = &mut self.aim {
            let child = place.and_then(|place| fields.child(place, Step::Items, 0));
            enter(value, fields, child);
        }
        self.count += 1;
    }

    fn end(self, stated: bool) -> Found {
        let media_type = match self.aim {
            Aim::Type(found) => found,
            Aim::Count { .. } => None,
        };
        Found {
            stated,
            variant: None,
            media_type,
        }
    }
}

type Ended = Result<Found, fmt::Error>;
type Unused = Impossible<Found, fmt::Error>;

macro_rules! values_without_parts {
    ($($method:ident($type:ty),)+) => {
        $(fn $method(self, _: $type) -> Ended {
            Ok(STATED)
        })+
    };
}

impl<'a> Serializer for Walk<'a> {
    type Ok = Found;
    type Error = fmt::Error;
    type SerializeSeq = Parts<'a>;
    type SerializeTuple = Unused;
    type SerializeTupleStruct = Unused;
    type SerializeTupleVariant = Unused;
    type SerializeMap = Parts<'a>;
    type SerializeStruct = Parts<'a>;
    type SerializeStructVariant = Unused;

    values_without_parts! {
        serialize_bool(bool), serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64),
        serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64),
        serialize_f32(f32), serialize_f64(f64), serialize_char(char), serialize_str(&str), serialize_bytes(&[u8]),
        serialize_unit_struct(&'static str),
    }

    fn serialize_none(self) -> Ended {
        Ok(Found::default())
    }

    fn serialize_unit(self) -> Ended {
        Ok(Found::default())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Ended {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Ended {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Ended {
        Ok(Found {
            variant: Some(variant),
            ..STATED
        })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Ended {
        self.parts().field(variant, value);
        Ok(Found {
            variant: Some(variant),
            ..STATED
        })
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts<'a>, fmt::Error> {
        Ok(self.parts())
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Parts<'a>, fmt::Error> {
        Ok(self.parts())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts<'a>, fmt::Error> {
        Ok(self.parts())
    }

    fn serialize_tuple(self, _: usize) -> Result<Unused, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Unused, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Unused, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Unused, fmt::Error> {
        Err(fmt::Error)
    }
}

impl SerializeStruct for Parts<'_> {
    type Ok = Found;
    type Error = fmt::Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), fmt::Error> {
        self.field(name, value);
        Ok(())
    }

    fn end(self) -> Ended {
        Ok(Parts::end(self, true))
    }
}

impl SerializeMap for Parts<'_> {
    type Ok = Found;
    type Error = fmt::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), fmt::Error> {
        // A formatter is a serializer too: it writes a text as it is, and nothing else is a name.
        struct Name<'a, T: ?Sized>(&'a T);
        impl<T: Serialize + ?Sized> fmt::Display for Name<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.serialize(f)
            }
        }
        self.key.clear();
        write!(self.key, "{}", Name(key))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), fmt::Error> {
        let key = std::mem::take(&mut self.key);
        self.field(&key, value);
        Ok(())
    }

    fn end(self) -> Ended {
        Ok(Parts::end(self, true))
    }
}

impl SerializeSeq for Parts<'_> {
    type Ok = Found;
    type Error = fmt::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), fmt::Error> {
        self.item(item);
        Ok(())
    }

    fn end(self) -> Ended {
        let stated = self.count > 0;
        Ok(Parts::end(self, stated))
    }
}
