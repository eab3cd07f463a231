//! How much of its content a record holds: some responses have only the poster of a video, the first picture of a
//! carousel, or fewer children than they count (InstaFix#182, cobalt#1587).

use crate::contract::records::{Child, Media, MediaType, Renditions, StoryItem};
use crate::read::{ProfilePart, StoriesPart, TabPage};

/// A record of which a response may hold only a part. By default, every record is the whole.
pub(crate) trait Part: Sized {
    /// Whether nothing is known to be missing.
    fn is_whole(&self) -> bool {
        true
    }

    /// The fuller one of two records about the same content, this one if they are equal; the other one fills its gaps.
    fn joined(self, _other: Self) -> Self {
        self
    }
}

impl Part for String {}
impl Part for ProfilePart {}
impl Part for TabPage {}

impl Part for Media {
    fn is_whole(&self) -> bool {
        let stated = self.carousel_count.unwrap_or_default() as usize;
        files(self) >= self.children.len().max(stated).max(1)
    }

    fn joined(self, other: Self) -> Self {
        if files(&other) > files(&self) {
            filled(other, self)
        } else {
            filled(self, other)
        }
    }
}

impl Part for StoriesPart {
    fn is_whole(&self) -> bool {
        !self.items.is_empty() && self.items.iter().all(is_shown)
    }

    fn joined(mut self, other: Self) -> Self {
        for item in other.items {
            match self.items.iter_mut().find(|known| known.id == item.id) {
                Some(known) if is_shown(&item) && !is_shown(known) => *known = item,
                Some(_) => {}
                None => self.items.push(item),
            }
        }
        Self {
            user_id: self.user_id.or(other.user_id),
            username: self.username.or(other.username),
            is_private: self.is_private.or(other.is_private),
            items: self.items,
        }
    }
}

/// Number of pictures and videos that a post could be downloaded as.
fn files(media: &Media) -> usize {
    let is_shown = |child: &&Child| has_file(&child.media_type, &child.renditions);
    let shown = media.children.iter().filter(is_shown).count();
    let is_single = media.children.is_empty() && media.media_type != MediaType::Carousel;
    let is_shown = is_single && has_file(&media.media_type, &media.renditions);
    shown + usize::from(is_shown)
}

fn is_shown(item: &StoryItem) -> bool {
    has_file(&item.media_type, &item.renditions)
}

/// Whether the picture or video itself is there. A video without its address is only a poster, and so may be the
/// picture of an unknown type.
fn has_file(media_type: &MediaType, renditions: &Renditions) -> bool {
    match media_type {
        MediaType::Image | MediaType::Carousel => !renditions.images.is_empty(),
        MediaType::Video | MediaType::Other(_) => {
            !renditions.videos.is_empty() || !renditions.dash_videos.is_empty()
        }
    }
}

/// Fills the gaps of a post from another response about it.
fn filled(media: Media, other: Media) -> Media {
    let counts_hidden = media.counts_hidden.or(other.counts_hidden);
    let shown = |count: Option<u64>| count.filter(|_| counts_hidden != Some(true));
    let (caption, hashtags, mentions) = match media.caption {
        None => (other.caption, other.hashtags, other.mentions),
        caption => (caption, media.hashtags, media.mentions),
    };
    Media {
        product_type: media.product_type.or(other.product_type),
        renditions: completed(media.renditions, other.renditions),
        caption,
        hashtags,
        mentions,
        taken_at: media.taken_at.or(other.taken_at),
        owner: media.owner.or(other.owner),
        coauthors: first_filled(media.coauthors, other.coauthors),
        tagged_users: first_filled(media.tagged_users, other.tagged_users),
        location: media.location.or(other.location),
        audio: media.audio.or(other.audio),
        like_count: shown(media.like_count.or(other.like_count)),
        comment_count: media.comment_count.or(other.comment_count),
        view_count: shown(media.view_count.or(other.view_count)),
        share_count: media.share_count.or(other.share_count),
        save_count: media.save_count.or(other.save_count),
        counts_hidden,
        comments_disabled: media.comments_disabled.or(other.comments_disabled),
        hoisted_comment_count: media.hoisted_comment_count.or(other.hoisted_comment_count),
        media_preview: media.media_preview.or(other.media_preview),
        has_effects: media.has_effects.or(other.has_effects),
        carousel_count: media.carousel_count.max(other.carousel_count),
        children: first_filled(media.children, other.children),
        more: first_filled(media.more, other.more),
        ..media
    }
}

fn completed(renditions: Renditions, other: Renditions) -> Renditions {
    Renditions {
        images: first_filled(renditions.images, other.images),
        width: renditions.width.or(other.width),
        height: renditions.height.or(other.height),
        duration: renditions.duration.or(other.duration),
        has_audio: renditions.has_audio.or(other.has_audio),
        accessibility_caption: renditions
            .accessibility_caption
            .or(other.accessibility_caption),
        ..renditions
    }
}

fn first_filled<T>(list: Vec<T>, other: Vec<T>) -> Vec<T> {
    if list.is_empty() { other } else { list }
}

#[cfg(test)]
mod tests;
