//! The written form of a cached record. It is kept beside the record, so that a record which many ask for is written
//! once. What form that is, only the caller knows.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;

/// The place for the written form of one record; a cheap handle. Empty until somebody needs the form.
#[derive(Clone, Debug, Default)]
pub struct Written(Arc<Place>);

#[derive(Debug, Default)]
struct Place {
    form: OnceLock<Bytes>,
    room: Room,
}

/// The memory for all forms of one cache; a cheap handle.
#[derive(Clone, Debug, Default)]
pub(super) struct Room {
    bytes_max: usize,
    used: Arc<AtomicUsize>,
}

impl Room {
    pub(super) fn new(bytes_max: usize) -> Self {
        let used = Arc::default();
        Self { bytes_max, used }
    }

    /// A place that is empty.
    pub(super) fn place(&self) -> Written {
        let form = OnceLock::new();
        let room = self.clone();
        Written(Arc::new(Place { form, room }))
    }

    /// Returns whether there is room for this many bytes, and takes it.
    fn take(&self, bytes: usize) -> bool {
        let more = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= self.bytes_max);
        let taken = self
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        taken.is_ok()
    }

    fn give_back(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Written {
    /// The form that is kept, else the one that `write` makes, which is then kept if there is room. All callers for one
    /// query must write the same form.
    ///
    /// # Errors
    /// That of `write`; nothing is kept then.
    pub fn or_write<E>(&self, write: impl FnOnce() -> Result<Vec<u8>, E>) -> Result<Bytes, E> {
        let Place { form, room } = &*self.0;
        if let Some(kept) = form.get() {
            return Ok(kept.clone());
        }
        // Without spare capacity, because that would be kept too.
        let written = Bytes::from(write()?.into_boxed_slice());
        if room.take(written.len()) && form.set(written.clone()).is_err() {
            // Another caller was faster.
            room.give_back(written.len());
        }
        Ok(written)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(form) = self.form.get() {
            self.room.give_back(form.len());
        }
    }
}

#[cfg(test)]
mod tests {
    //! A form is written once, and all forms together have a limit.

    use super::*;

    fn written(place: &Written, form: &str) -> String {
        let write = || Ok::<_, ()>(form.as_bytes().to_vec());
        let bytes = place.or_write(write).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[test]
    fn a_form_is_written_once() {
        let place = Room::new(10).place();
        let failed = place.or_write(|| Err::<Vec<u8>, _>("no"));
        assert_eq!(failed, Err("no"));
        assert_eq!(written(&place, "one"), "one");
        assert_eq!(written(&place.clone(), "two"), "one");
    }

    #[test]
    fn what_finds_no_room_is_written_each_time() {
        let room = Room::new(5);
        let (first, second) = (room.place(), room.place());
        assert_eq!(written(&first, "four"), "four");
        assert_eq!(written(&second, "abc"), "abc");
        assert_eq!(written(&second, "def"), "def");
        drop(first);
        assert_eq!(written(&second, "ghi"), "ghi");
        assert_eq!(written(&second, "jkl"), "ghi");
        drop(second);
        assert_eq!(room.used.load(Ordering::Relaxed), 0);
    }
}
