//! JSON Pointer (RFC 6901): how policies and verdicts name a place inside an action.

use super::json::{Json, is_namesake};

/// A parsed pointer; the empty one names the whole document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Pointer(Vec<String>);

impl Pointer {
    /// Parses `/a/b~1c/0`; `None` where it is not a JSON Pointer.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        text.strip_prefix('/')?.split('/').map(unescape).collect::<Option<_>>().map(Self)
    }

    /// The pointer to a member or element of what this one names.
    #[must_use]
    pub fn child(&self, token: &str) -> Self {
        let mut tokens = self.0.clone();
        tokens.push(token.to_owned());
        Self(tokens)
    }

    /// Whether what another one names is this one's place, or within it.
    pub fn leads_to(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// Its first step.
    pub fn first(&self) -> Option<&str> {
        self.0.first().map(String::as_str)
    }

    /// Whether on its way through a document there is a member of the same name in other letters.
    pub fn has_namesakes(&self, document: &Json) -> bool {
        let mut place = Some(document);
        for token in &self.0 {
            let Some(here) = place else { return false };
            if here.as_object().is_some_and(|object| object.iter().any(|(name, _)| is_namesake(name, token)))
            {
                return true;
            }
            place = match here {
                Json::Object(object) => object.get(token),
                Json::Array(elements) => index(token).and_then(|at| elements.get(at)),
                _ => None,
            };
        }
        false
    }

    /// Whether it names the whole document.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// What it names in a document, if that is there.
    pub fn find<'a>(&self, document: &'a Json) -> Option<&'a Json> {
        self.0.iter().try_fold(document, |value, token| match value {
            Json::Object(object) => object.get(token),
            Json::Array(elements) => elements.get(index(token)?),
            _ => None,
        })
    }

    /// Puts another value where it leads, if something is there; whether it was.
    pub fn replace(&self, document: &mut Json, value: Json) -> bool {
        let place = self.0.iter().try_fold(document, |place, token| match place {
            Json::Object(object) => object.get_mut(token),
            Json::Array(elements) => elements.get_mut(index(token)?),
            _ => None,
        });
        place.map(|place| *place = value).is_some()
    }

    /// Takes what it names out of the document. The root cannot be taken out.
    pub fn remove(&self, document: &mut Json) -> Option<Json> {
        let (last, parents) = self.0.split_last()?;
        let parent = parents.iter().try_fold(document, |value, token| match value {
            Json::Object(object) => object.get_mut(token),
            Json::Array(elements) => elements.get_mut(index(token)?),
            _ => None,
        })?;
        match parent {
            Json::Object(object) => object.remove(last),
            Json::Array(elements) => {
                let at = index(last)?;
                (at < elements.len()).then(|| elements.remove(at))
            }
            _ => None,
        }
    }
}

impl std::fmt::Display for Pointer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0
            .iter()
            .try_for_each(|token| write!(formatter, "/{}", token.replace('~', "~0").replace('/', "~1")))
    }
}

impl<T: Into<String>> FromIterator<T> for Pointer {
    fn from_iter<I: IntoIterator<Item = T>>(tokens: I) -> Self {
        Self(tokens.into_iter().map(Into::into).collect())
    }
}

fn unescape(token: &str) -> Option<String> {
    let mut parts = token.split('~');
    let mut text = parts.next()?.to_owned();
    for part in parts {
        let (escaped, rest) = match part.as_bytes().first()? {
            b'0' => ('~', part.get(1..)?),
            b'1' => ('/', part.get(1..)?),
            _ => return None,
        };
        text.push(escaped);
        text.push_str(rest);
    }
    Some(text)
}

/// An array index: digits without leading zeros.
fn index(token: &str) -> Option<usize> {
    let canonical = token == "0" || !token.starts_with('0');
    (canonical && token.bytes().all(|byte| byte.is_ascii_digit())).then(|| token.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_and_removes_what_rfc_6901_names() {
        let text = br#"{"foo":["bar","baz"],"":0,"a/b":1,"m~n":8}"#;
        let mut document = Json::parse(text).unwrap();
        for (pointer, found) in [
            ("/foo/0", "\"bar\""),
            ("/", "0"),
            ("/a~1b", "1"),
            ("/m~0n", "8"),
            ("/foo/-", ""),
            ("/foo/00", ""),
            ("/x/y", ""),
        ] {
            let pointer = Pointer::parse(pointer).unwrap();
            assert_eq!(
                pointer.find(&document).map(ToString::to_string).unwrap_or_default(),
                found,
                "{pointer}"
            );
            assert_eq!(Pointer::parse(&pointer.to_string()).unwrap(), pointer);
        }
        let mut other = document.clone();
        assert!(Pointer::parse("/foo/1").unwrap().replace(&mut other, Json::Null));
        assert!(Pointer::default().replace(&mut other.clone(), Json::Null));
        assert!(!Pointer::parse("/foo/2").unwrap().replace(&mut other, Json::Null));
        assert_eq!(other.get("foo").unwrap().to_string(), r#"["bar",null]"#);
        assert_eq!(Pointer::parse("a"), None);
        assert_eq!(Pointer::parse("/~2"), None);
        assert_eq!(Pointer::parse("/foo/0").unwrap().remove(&mut document), Some("bar".into()));
        assert_eq!(Pointer::parse("/foo/1").unwrap().remove(&mut document), None);
        assert_eq!(document.to_string(), r#"{"foo":["baz"],"":0,"a/b":1,"m~n":8}"#);
    }
}
