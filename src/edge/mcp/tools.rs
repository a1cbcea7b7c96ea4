//! The upstream's tools, asked for where a call's headers repeat arguments that have changed.

use super::super::upstream::{self, Outgoing};
use crate::core::json::Json;
use crate::wire::call::Fate;
use crate::wire::mcp::mirrored::{self, PREFIX};
use crate::wire::mcp::returned::Answers;
use crate::wire::mcp::sent::{Sent, ToolCall};
use crate::wire::problem::{Code, Problem};

/// How many pages of tools are looked through.
const MAX_PAGES: usize = 20;

/// The request with the headers that repeat its arguments as they are now.
pub(super) async fn mirrored(sent: &Sent, outgoing: &Outgoing, fates: &[Fate]) -> Result<Outgoing, Problem> {
    let mut changed = Vec::new();
    let known = outgoing.names(PREFIX);
    for (call, fate) in sent.calls().iter().zip(fates) {
        let Fate::RunWith(args) = fate else { continue };
        let given = call.call.args.as_ref();
        let has_more =
            args.iter().any(|(name, value)| given.map_or(None, |given| given.get(name)) != Some(value));
        if known.is_empty() && !(sent.is_modern() && has_more) {
            continue;
        }
        let tools = Tools { sent, outgoing, call };
        let headers = match tools.headers(|tools| mirrored::headers(tools, &call.call.kind, args)).await {
            // A client that repeated nothing may know no schema either.
            Err(_) if known.is_empty() => continue,
            headers => headers?,
        };
        changed.extend(known.iter().map(|name| (name.clone(), None)));
        changed.extend(headers.into_iter().map(|(name, value)| (name, Some(value))));
    }
    outgoing.with(&changed)
}

struct Tools<'a> {
    sent: &'a Sent,
    outgoing: &'a Outgoing,
    call: &'a ToolCall,
}

impl Tools<'_> {
    /// What is found on the first page of tools that has it.
    async fn headers<T>(&self, find: impl Fn(&Json) -> Option<T>) -> Result<T, Problem> {
        let mut cursor: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let page = self.page(cursor.as_deref()).await?;
            if let Some(found) = find(&page) {
                return Ok(found);
            }
            match mirrored::next(&page) {
                Some(next) => cursor = Some(next.to_owned()),
                None => break,
            }
        }
        Err(self.unlisted())
    }

    async fn page(&self, cursor: Option<&str>) -> Result<Json, Problem> {
        let mut headers: Vec<(String, Option<String>)> =
            self.outgoing.names(PREFIX).into_iter().map(|name| (name, None)).collect();
        headers.push(("mcp-name".to_owned(), None));
        if !self.outgoing.names("mcp-method").is_empty() {
            headers.push(("mcp-method".to_owned(), Some("tools/list".to_owned())));
        }
        let body = self.sent.list_of_tools(self.call, cursor).to_string();
        let answering = self.outgoing.with(&headers)?.send(body.as_bytes()).await?;
        let is_stream = answering.media_type() == "text/event-stream";
        let answered = answering.whole(&self.outgoing.upstream).await?;
        let lists = |page: &Json| page.get("result").is_some();
        let page = if is_stream {
            let events = Answers::default().events(&answered.body);
            events.into_iter().filter_map(|(_, message)| message).find(lists)
        } else {
            Json::parse(&answered.body).ok().filter(lists)
        };
        page.ok_or_else(|| self.unlisted())
    }

    fn unlisted(&self) -> Problem {
        let what = "does not list the tool, so the headers that repeat its arguments cannot be made anew";
        upstream::problem(&self.outgoing.upstream, Code::Upstream, what)
    }
}
