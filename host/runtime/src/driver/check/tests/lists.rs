//! Pages of posts and stories: one bad item never costs the others.

use super::{super::*, CODE, check, person, post};
use crate::contract::record::{MediaType, More};

/// Returns a page of two posts after this change, as it is served, and what was dropped from it.
fn posts(change: impl FnOnce(&mut MediaPage)) -> Result<(MediaPage, Vec<String>), String> {
    let mut page = MediaPage {
        owner: person("Some.User"),
        total_count: None,
        items: vec![post(CODE), post(CODE)],
        has_next_page: false,
        end_cursor: None,
        more: More::default(),
    };
    change(&mut page);
    let query = Query::posts("some.user".into(), 2, None);
    let mut record = Record::Page(page);
    let dropped = check(&query, &mut record).map_err(|violation| violation.to_string())?;
    match record {
        Record::Page(page) => Ok((page, dropped)),
        other => panic!("{other:?}"),
    }
}

/// Returns the served ids of story items with these ids, and what was dropped.
fn stories(ids: &[&str]) -> Result<(Vec<String>, Vec<String>), String> {
    let item = |id: &&str| StoryItem {
        id: (*id).to_owned(),
        media_type: MediaType::Image,
        renditions: Renditions::default(),
        taken_at: None,
        expiring_at: None,
        view_count: None,
        stickers: Vec::new(),
        more: More::default(),
    };
    let mut record = Record::Stories(Stories {
        user_id: "1".into(),
        username: "a".into(),
        has_active_stories: None,
        items: ids.iter().map(item).collect(),
        is_private: None,
        more: More::default(),
    });
    let dropped = check(&Query::story("A".into()), &mut record);
    let dropped = dropped.map_err(|violation| violation.to_string())?;
    match record {
        Record::Stories(stories) => {
            let ids = stories.items.into_iter().map(|item| item.id);
            Ok((ids.collect(), dropped))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_page_of_another_account_does_not_pass() {
    assert_eq!(posts(|_| {}).unwrap().1, Vec::<String>::new());
    let other = posts(|page| page.owner = person("other"));
    assert_eq!(
        other.unwrap_err(),
        "username: another account than was asked for"
    );
    assert!(posts(|page| page.owner = User::default()).is_err());
}

#[test]
fn a_bad_item_of_a_page_costs_only_itself() {
    let (page, dropped) = posts(|page| page.items[0].media_id = "x".into()).unwrap();
    assert_eq!(page.items, [post(CODE)]);
    assert_eq!(
        dropped,
        ["items[0] dropped: items[0].media_id: not a decimal id"]
    );
    let all = posts(|page| {
        for item in &mut page.items {
            item.media_id = "x".into();
        }
    });
    assert_eq!(all.unwrap_err(), "items[0].media_id: not a decimal id");
    assert_eq!(
        posts(|page| page.items.push(post(CODE))).unwrap_err(),
        "items: too many"
    );
}

#[test]
fn a_post_of_a_private_account_is_in_no_list() {
    let private = |item: &mut Media| item.owner.get_or_insert_default().is_private = Some(true);
    let (page, dropped) = posts(|page| private(&mut page.items[0])).unwrap();
    assert_eq!(page.items, [post(CODE)]);
    assert_eq!(
        dropped,
        ["items[0] dropped: items[0].owner: a private account"]
    );
    let (page, _) = posts(|page| page.items.iter_mut().for_each(private)).unwrap();
    assert_eq!(page.items, []);
}

#[test]
fn only_a_cursor_continues_a_page() {
    let next = |cursor: Option<&str>, more: bool| {
        posts(|page| {
            page.end_cursor = cursor.map(str::to_owned);
            page.has_next_page = more;
        })
    };
    assert_eq!(next(Some("c"), true).unwrap().1, Vec::<String>::new());
    for cursor in [None, Some(""), Some(&*"c".repeat(2049))] {
        assert!(next(cursor, true).unwrap_err().starts_with("end_cursor: "));
    }
    let (page, dropped) = next(Some("c"), false).unwrap();
    assert_eq!(page.end_cursor, None);
    assert_eq!(dropped, ["end_cursor dropped: without a next page"]);
}

#[test]
fn story_ids_are_numbers() {
    for id in ["1_2", "1"] {
        assert_eq!(stories(&[id]), Ok((vec![id.into()], Vec::new())));
    }
    let (ids, dropped) = stories(&["1_2", "../1", "3"]).unwrap();
    assert_eq!(ids, ["1_2", "3"]);
    assert_eq!(dropped, ["items[1] dropped: items[1].id: not a story's id"]);
    assert_eq!(
        stories(&["../1"]),
        Err("items[0].id: not a story's id".into())
    );
    assert_eq!(stories(&[]), Ok((Vec::new(), Vec::new())));
}
