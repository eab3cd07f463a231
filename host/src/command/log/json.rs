//! Log lines as JSON, one object a line: the fields of the event, its target, and the spans that it happened in.
//!
//! tracing-subscriber has such a format too. It builds a map for the fields of a span, and parses it again for every
//! field that is recorded later; that alone costs more than a request needs otherwise.

use std::fmt::{self, Debug, Write};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span::Record,
};
use tracing_log::NormalizeEvent as _;
use tracing_subscriber::{
    field::RecordFields,
    fmt::{
        FmtContext, FormatEvent, FormatFields, FormattedFields,
        format::Writer,
        time::{FormatTime as _, SystemTime},
    },
    registry::{LookupSpan, SpanRef},
};

/// The format of lines, and of the fields of spans, which are kept as the inside of an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Json;

impl<S> FormatEvent<S, Self> for Json
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, Self>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        // Events of the crate `log` have their own target and level in fields.
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
        line.write_str("{\"timestamp\":\"")?;
        SystemTime.format_time(&mut line)?;
        line.write_str("\",\"level\":\"")?;
        line.write_str(metadata.level().as_str())?;
        line.write_str("\",")?;
        let mut fields = Fields::new(&mut line);
        event.record(&mut fields);
        fields.end()?;
        line.write_str("\"target\":")?;
        text(&mut line, metadata.target())?;
        if let Some(innermost) = context.parent_span() {
            line.write_str(",\"span\":")?;
            object(&mut line, &innermost)?;
            let mut before = ",\"spans\":[";
            for span in innermost.scope().from_root() {
                line.write_str(before)?;
                object(&mut line, &span)?;
                before = ",";
            }
            line.write_char(']')?;
        }
        line.write_str("}\n")
    }
}

impl<'writer> FormatFields<'writer> for Json {
    fn format_fields<R: RecordFields>(&self, mut to: Writer<'writer>, from: R) -> fmt::Result {
        let mut fields = Fields::new(&mut to);
        from.record(&mut fields);
        fields.end()
    }

    fn add_fields(
        &self,
        current: &'writer mut FormattedFields<Self>,
        fields: &Record<'_>,
    ) -> fmt::Result {
        self.format_fields(current.as_writer(), fields)
    }
}

/// Writes a span: its fields and its name.
fn object<S>(line: &mut Writer<'_>, span: &SpanRef<'_, S>) -> fmt::Result
where
    S: for<'span> LookupSpan<'span>,
{
    line.write_char('{')?;
    if let Some(fields) = span.extensions().get::<FormattedFields<Json>>() {
        line.write_str(&fields.fields)?;
    }
    line.write_str("\"name\":")?;
    text(line, span.name())?;
    line.write_char('}')
}

/// Writes fields of an object, each with a comma after it.
struct Fields<'a, 'writer> {
    to: &'a mut Writer<'writer>,
    result: fmt::Result,
}

impl<'a, 'writer> Fields<'a, 'writer> {
    fn new(to: &'a mut Writer<'writer>) -> Self {
        Self { to, result: Ok(()) }
    }

    fn end(self) -> fmt::Result {
        self.result
    }

    fn field(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'writer>) -> fmt::Result) {
        let write = || {
            text(self.to, field.name().trim_start_matches("r#"))?;
            self.to.write_char(':')?;
            value(self.to)?;
            self.to.write_char(',')
        };
        self.result = self.result.and_then(|()| write());
    }
}

impl Visit for Fields<'_, '_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.field(field, |to| text(to, value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.field(field, |to| write!(to, "{value}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.field(field, |to| write!(to, "{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.field(field, |to| write!(to, "{value}"));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.field(field, |to| match value.is_finite() {
            true => write!(to, "{value:?}"),
            false => to.write_str("null"),
        });
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.field(field, |to| {
            to.write_char('"')?;
            write!(Escaped(to), "{value:?}")?;
            to.write_char('"')
        });
    }
}

/// Writes a string.
fn text(to: &mut Writer<'_>, text: &str) -> fmt::Result {
    to.write_char('"')?;
    Escaped(to).write_str(text)?;
    to.write_char('"')
}

/// Escapes what may not stand in a string.
struct Escaped<'a, 'writer>(&'a mut Writer<'writer>);

impl Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let is_special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
        let mut rest = text;
        while let Some(at) = rest.bytes().position(is_special) {
            let (plain, special) = rest.split_at(at);
            self.0.write_str(plain)?;
            let mut chars = special.chars();
            match chars.next() {
                Some('\n') => self.0.write_str("\\n")?,
                Some(c @ ('"' | '\\')) => write!(self.0, "\\{c}")?,
                Some(c) => write!(self.0, "\\u{:04x}", u32::from(c))?,
                None => {}
            }
            rest = chars.as_str();
        }
        self.0.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    //! A line is one JSON object, whatever is logged.

    use std::{io, sync::Arc};

    use serde_json::{Value, json};
    use tracing::{error_span, field::Empty, info, subscriber::with_default};
    use tracing_subscriber::fmt;

    use super::*;

    /// The lines that `work` logs, without their times.
    fn logged(work: impl FnOnce()) -> Vec<Value> {
        let log = tempfile::NamedTempFile::new().unwrap();
        let subscriber = fmt()
            .fmt_fields(Json)
            .event_format(Json)
            .with_writer(Arc::new(log.reopen().unwrap()));
        with_default(subscriber.finish(), || {
            // A test on another thread may have registered the line meanwhile, as one that nobody reads.
            tracing::callsite::rebuild_interest_cache();
            work();
        });
        let text = std::fs::read_to_string(log.path()).unwrap();
        let lines = text.lines().map(|line| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            let time = line.as_object_mut().unwrap().remove("timestamp").unwrap();
            assert!(time.as_str().unwrap().ends_with('Z'), "{time}");
            line
        });
        lines.collect()
    }

    #[test]
    fn a_line_has_its_fields_and_no_absent_ones() {
        let lines = logged(|| {
            let error = io::Error::other("broken \"pipe\"");
            info!(
                target: "a::b",
                count = 3_u64,
                below = -1,
                rate = 1.0,
                none = f64::NAN,
                is_good = true,
                absent = Option::<&str>::None,
                %error,
                text = "tab\t\\ newline\n bell\u{7} é",
                "a message of {} words", 5
            );
        });
        let expected = json!({
            "level": "INFO", "target": "a::b", "message": "a message of 5 words", "count": 3, "below": -1,
            "rate": 1.0, "none": null, "is_good": true, "error": "broken \"pipe\"",
            "text": "tab\t\\ newline\n bell\u{7} é",
        });
        assert_eq!(lines, [expected]);
    }

    #[test]
    fn a_line_names_its_spans_outermost_first() {
        let lines = logged(|| {
            let outer = error_span!("outer", id = "1\"", status = Empty);
            let _outer = outer.enter();
            outer.record("status", 200);
            let _inner = error_span!("inner").entered();
            info!(target: "t", "in");
        });
        let spans = json!([{"id": "1\"", "status": 200, "name": "outer"}, {"name": "inner"}]);
        let expected = json!({
            "level": "INFO", "message": "in", "target": "t", "span": {"name": "inner"}, "spans": spans,
        });
        assert_eq!(lines, [expected]);
    }
}
