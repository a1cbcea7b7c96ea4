//! An app's own JSON endpoint: a map says by JSON Pointers where in its answers the actions are. What may not run is taken
//! out, and how each action stands is told beside them, under `holdpoint`.

use super::answer::{AnswerError, MAX_CALLS, WholeAnswer};
use super::call::{Call, Fate};
use crate::core::action::Confidence;
use crate::core::json::{Json, Object, is_namesake};
use crate::core::pointer::Pointer;

/// Where the actions are in an endpoint's answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map {
    /// An action, or an array of them.
    actions: Pointer,
    /// Whether an answer may have none.
    optional: bool,
    /// Within an action:
    kind: Pointer,
    args: Pointer,
    confidence: Option<Pointer>,
    subject: Option<Pointer>,
}

/// Where an answer says how its actions stand.
const TOLD: &str = "holdpoint";

/// The keys of a map.
const KEYS: [&str; 6] = ["actions", "kind", "args", "confidence", "subject", "optional"];

impl Map {
    /// Reads a map of the configuration; says what is wrong with it.
    pub fn read(json: &Json) -> Result<Self, String> {
        let members = json.as_object().ok_or("`map` is a table of JSON Pointers")?;
        if let Some((unknown, _)) = members.iter().find(|(key, _)| !KEYS.contains(key)) {
            return Err(format!("unknown key `map.{unknown}`"));
        }
        let pointer = |key: &str| {
            let given = members.get(key);
            let wrong = || format!("`map.{key}` is a JSON Pointer like `/steps` or `/tool/name`");
            given.map(|given| given.as_str().and_then(Pointer::parse).ok_or_else(wrong)).transpose()
        };
        let needed = |key: &str| pointer(key)?.ok_or_else(|| format!("`map.{key}` is missing"));
        let optional = match members.get("optional") {
            None => false,
            Some(value) => value.as_bool().ok_or("`map.optional` is true or false")?,
        };
        let map = Self {
            actions: needed("actions")?,
            optional,
            kind: needed("kind")?,
            args: needed("args")?,
            confidence: pointer("confidence")?,
            subject: pointer("subject")?,
        };
        if map.args.is_root() {
            return Err("`map.args` is a member of an action".to_owned());
        }
        let others = [Some(&map.kind), map.confidence.as_ref(), map.subject.as_ref()];
        if others.into_iter().flatten().any(|other| map.args.leads_to(other)) {
            return Err(
                "`map.args` has another of the map's members in it: an edit would change that as well"
                    .to_owned(),
            );
        }
        if map.actions.first() == Some(TOLD) || (map.actions.is_root() && map.args.first() == Some(TOLD)) {
            return Err("`holdpoint` is where Holdpoint tells how actions stand".to_owned());
        }
        Ok(map)
    }

    /// Whether some clients find another action than we do: by names in other letters.
    fn is_ambiguous(&self, document: &Json) -> bool {
        let actions = match self.actions.find(document) {
            Some(Json::Array(actions)) => actions.as_slice(),
            Some(action) => std::slice::from_ref(action),
            None => &[],
        };
        let of_action = |action: &Json| {
            let pointers =
                [Some(&self.kind), Some(&self.args), self.confidence.as_ref(), self.subject.as_ref()];
            pointers.into_iter().flatten().any(|pointer| pointer.has_namesakes(action))
        };
        self.actions.has_namesakes(document) || actions.iter().any(of_action)
    }

    /// Whether an answer may have no action.
    pub fn is_optional(&self) -> bool {
        self.optional
    }

    fn call_of(&self, action: &Json) -> Call {
        let text = |pointer: &Pointer| pointer.find(action).and_then(Json::as_str).map(str::to_owned);
        let mut call = Call::of_object(self.kind.find(action), self.args.find(action));
        call.confidence = match self.confidence.as_ref().map(|pointer| pointer.find(action)) {
            None | Some(None | Some(Json::Null)) => Confidence::None,
            Some(Some(stated)) => Confidence::of(stated),
        };
        call.subject = self.subject.as_ref().and_then(text);
        call
    }
}

/// An answer whose actions were found.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    map: Map,
    document: Json,
    calls: Vec<Call>,
    /// How each action stands, in the form of the API.
    told: Option<Vec<Json>>,
}

impl Answer {
    /// Reads an answer and finds its actions.
    pub fn parse(body: &[u8], map: &Map) -> Result<Self, AnswerError> {
        let document = Json::parse(body)?;
        let is_told = |(name, _): (&str, &Json)| name == TOLD || is_namesake(name, TOLD);
        if document.as_object().is_some_and(|document| document.iter().any(is_told)) {
            return Err(AnswerError::Shape("it has a member `holdpoint`, which is Holdpoint's own"));
        }
        if map.is_ambiguous(&document) {
            return Err(AnswerError::Shape("a member's name is written in other letters"));
        }
        let calls: Vec<Call> = match map.actions.find(&document) {
            None | Some(Json::Null) if map.optional => Vec::new(),
            None | Some(Json::Null) => {
                let why = "the map's `actions` finds nothing, and the map is not `optional`";
                return Err(AnswerError::Shape(why));
            }
            Some(Json::Array(actions)) => actions.iter().map(|action| map.call_of(action)).collect(),
            Some(action @ Json::Object(_)) => vec![map.call_of(action)],
            Some(_) => return Err(AnswerError::Shape("the map's `actions` finds neither object nor array")),
        };
        if calls.len() > MAX_CALLS {
            return Err(AnswerError::TooMany);
        }
        Ok(Self { map: map.clone(), document, calls, told: None })
    }

    /// Whether an answer that says that something failed has no action in it, however its clients read it.
    pub fn is_without_actions(body: &[u8], map: &Map) -> bool {
        let map = Map { optional: true, ..map.clone() };
        let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
        match Self::parse(body, &map) {
            Ok(answer) => answer.calls.is_empty(),
            // What is no JSON at all is none that anybody reads.
            Err(AnswerError::Json(_)) => !matches!(first, Some(b'{' | b'[')),
            Err(_) => false,
        }
    }

    /// An action as its fate says; `None` where it goes.
    fn become_of(&self, action: &Json, fate: Option<&Fate>) -> Option<Json> {
        match fate {
            Some(Fate::Run) => Some(action.clone()),
            Some(Fate::RunWith(args)) => {
                let mut action = action.clone();
                self.map.args.replace(&mut action, args.clone().into()).then_some(action)
            }
            // What has no fate is not known to have been gated.
            Some(Fate::Notice(_)) | None => None,
        }
    }
}

impl WholeAnswer for Answer {
    fn calls(&self) -> &[Call] {
        &self.calls
    }

    fn model(&self) -> Option<&str> {
        None
    }

    fn tell(&mut self, answers: Vec<Json>) -> bool {
        self.told = Some(answers);
        self.document.as_object().is_some()
    }

    fn rewrite(mut self: Box<Self>, fates: &[Fate]) -> String {
        let left = match self.map.actions.find(&self.document) {
            Some(Json::Array(actions)) => {
                let mut fates = fates.iter();
                actions.iter().filter_map(|action| self.become_of(action, fates.next())).collect()
            }
            Some(action) => self.become_of(action, fates.first()).unwrap_or(Json::Null),
            None => return self.document.to_string(),
        };
        let map = self.map.clone();
        if !map.actions.replace(&mut self.document, left) {
            return Json::from(Object::new()).to_string();
        }
        if let (Some(document), Some(told)) = (self.document.as_object_mut(), self.told.take()) {
            document.set(TOLD, Json::Array(told));
        }
        self.document.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_could_read_differently_is_refused() {
        let map = Json::parse(br#"{"actions":"/plan/steps","kind":"/tool","args":"/args","optional":true}"#);
        let map = Map::read(&map.unwrap()).unwrap();
        for (answer, stands) in [
            (r#"{"plan":{"steps":[{"tool":"get","args":{},"TOOLS":1}]}}"#, true),
            (r#"{"plan":{"steps":[],"note":1}}"#, true),
            (r#"{"plan":{"Steps":[{"tool":"refund","args":{}}]}}"#, false),
            (r#"{"plan":{"steps":[{"tool":"get","args":{},"Tool":"refund","Args":{}}]}}"#, false),
            (r#"{"plan":{"steps":[]},"holdpoint":[{"may_run":true}]}"#, false),
            (r#"{"plan":{"steps":[]},"HoldPoint":[]}"#, false),
        ] {
            assert_eq!(Answer::parse(answer.as_bytes(), &map).is_ok(), stands, "{answer}");
        }
    }

    #[test]
    fn mistakes_in_a_map_are_named() {
        for (map, wrong) in [
            (r#"{"actions":"/a","kind":"/k","args":"/x"}"#, ""),
            (r#"{"actions":"","kind":"/k","args":"/x","optional":true}"#, ""),
            ("7", "`map` is a table of JSON Pointers"),
            (r#"{"actions":"/a","kind":"/k"}"#, "`map.args` is missing"),
            (
                r#"{"actions":"a","kind":"/k","args":"/x"}"#,
                "`map.actions` is a JSON Pointer like `/steps` or `/tool/name`",
            ),
            (
                r#"{"actions":"/a","kind":"/k","args":"","subject":"/s"}"#,
                "`map.args` is a member of an action",
            ),
            (
                r#"{"actions":"/a","kind":"/call/name","args":"/call"}"#,
                "`map.args` has another of the map's members in it: an edit would change that as well",
            ),
            (
                r#"{"actions":"/holdpoint","kind":"/k","args":"/x"}"#,
                "`holdpoint` is where Holdpoint tells how actions stand",
            ),
            (r#"{"actions":"/a","kind":"/k","args":"/x","optional":1}"#, "`map.optional` is true or false"),
            (r#"{"actions":"/a","kind":"/k","args":"/x","score":"/s"}"#, "unknown key `map.score`"),
        ] {
            let read = Map::read(&Json::parse(map.as_bytes()).unwrap());
            assert_eq!(read.err().unwrap_or_default(), wrong, "{map}");
        }
    }
}
