//! The same steps without a sandbox: the types of the host as those of the crate `instagram`, and back.

use bytes::Bytes;
use gramhost::contract::{self as host, Context, Kind, Query, Subject};
use instagram::{
    Outcome, Step as Next,
    contract::{
        exchanges::{Answer, Exchange, Header, Method, Request, Response},
        queries::{AccountQuery, ListQuery, MediaQuery, Target},
        steps,
    },
    post, profile_info, profile_posts, profile_reels, reel, story,
};

use crate::Step;

/// A step with its arguments in the types of the crate.
pub(crate) struct Call {
    kind: Kind,
    account: AccountQuery,
    list: ListQuery,
    media: MediaQuery,
    context: steps::Context,
    memo: Vec<u8>,
    answers: Vec<Exchange>,
}

impl Call {
    pub(crate) fn new(step: &Step, context: &Context) -> Self {
        let (username, limit, code) = match step.query.subject().clone() {
            Subject::Account { username } => (username, 0, String::new()),
            Subject::List {
                username, limit, ..
            } => (username, limit, String::new()),
            Subject::Media { target } => match target {
                host::Target::Shortcode(code) => (String::new(), 0, code),
                host::Target::Share(_) => panic!("no bench has share links"),
            },
        };
        Self {
            kind: step.query.kind(),
            account: AccountQuery {
                username: username.clone(),
            },
            list: ListQuery {
                username,
                limit,
                cursor: None,
            },
            media: MediaQuery {
                target: Target::Shortcode(code),
            },
            context: steps::Context {
                now: context.now,
                session: context.session,
                settings: context.settings.clone(),
            },
            memo: step.memo.to_vec(),
            answers: step.answers.iter().map(exchange).collect(),
        }
    }

    /// Runs the step. Returns the memo and the requests if it ends in a fetch.
    pub(crate) fn run(&self) -> Option<steps::Fetch> {
        let Self {
            account,
            list,
            media,
            context,
            memo,
            answers,
            ..
        } = self;
        match self.kind {
            Kind::ProfileInfo => fetch(profile_info::extract(account, context, memo, answers)),
            Kind::ProfilePosts => fetch(profile_posts::extract(list, context, memo, answers)),
            Kind::ProfileReels => fetch(profile_reels::extract(list, context, memo, answers)),
            Kind::Post => fetch(post::extract(media, context, memo, answers)),
            Kind::Reel => fetch(reel::extract(media, context, memo, answers)),
            Kind::Story => fetch(story::extract(account, context, memo, answers)),
        }
    }
}

fn fetch<T>(outcome: Outcome<T>) -> Option<steps::Fetch> {
    match outcome.step {
        Next::Fetch(fetch) => Some(fetch),
        Next::Done(_) | Next::Refuse(_) => None,
    }
}

/// The step that reads `body`: every request of the first step is answered with it.
pub(crate) fn reading(name: &str, query: Query, settings: &str, body: Vec<u8>) -> Step {
    let first = Step::first(name, query);
    let context = Context {
        now: 1_795_000_000,
        session: false,
        settings: settings.to_owned(),
    };
    let Some(fetch) = Call::new(&first, &context).run() else {
        panic!("{name}: the first step asks for nothing");
    };
    let bytes = body.len();
    let body = Bytes::from(body);
    let answers = fetch
        .requests
        .into_iter()
        .map(|request| answered(request, &body));
    Step {
        memo: fetch.memo.into(),
        answers: answers.collect(),
        bytes,
        ..first
    }
}

fn answered(request: Request, body: &Bytes) -> host::Exchange {
    let url = request.url.clone();
    let headers = request.headers.into_iter();
    host::Exchange {
        request: host::Request {
            method: match request.method {
                Method::Get => host::Method::Get,
                Method::Post => host::Method::Post,
            },
            url: request.url,
            headers: headers
                .map(|Header { name, value }| host::Header { name, value })
                .collect(),
            body: request.body.map(Bytes::from),
            session: request.session,
        },
        answer: host::Answer::Response(host::Response {
            status: 200,
            url,
            headers: Vec::new(),
            body: body.clone(),
        }),
    }
}

fn exchange(exchange: &host::Exchange) -> Exchange {
    let host::Exchange { request, answer } = exchange.clone();
    let host::Answer::Response(response) = answer else {
        panic!("every request of a bench is answered");
    };
    let headers = request.headers.into_iter();
    Exchange {
        request: Request {
            method: match request.method {
                host::Method::Get => Method::Get,
                host::Method::Post => Method::Post,
            },
            url: request.url,
            headers: headers
                .map(|host::Header { name, value }| Header { name, value })
                .collect(),
            body: request.body.map(Vec::from),
            session: request.session,
        },
        answer: Answer::Response(Response {
            status: response.status,
            url: response.url,
            headers: Vec::new(),
            body: response.body.to_vec(),
        }),
    }
}
