//! Elements as they appear on a stream, whose content namespace need not be `jabber:client`
//! (RFC 6120 §4.8.2): translated on the way, and bounded.
//!
//! Translated are a stanza and those of its descendants that are reached through elements of the
//! content namespace only; a `<message xmlns='jabber:client'/>` that is forwarded (XEP-0297) stays
//! as it is. Elements that are not stanzas stay as they are, too.

mod outgoing;

use std::marker::PhantomData;

use minidom::Element;
use rxml::{AttrMap, Event, Namespace, QName};
use xso::error::{Error, FromEventsError};
use xso::{AsXml, Context, FromEventsBuilder, FromXml, Item};

pub use self::outgoing::{Outgoing, OutgoingItems};
use super::{Limits, ns};

/// The content namespace of a stream.
pub trait ContentNamespace: 'static {
    /// The namespace.
    const NAMESPACE: &'static str;
}

/// The content namespace of streams between clients and servers, `jabber:client`.
#[derive(Clone, Copy, Debug)]
pub enum Client {}

/// The content namespace of streams between servers, `jabber:server`.
#[derive(Clone, Copy, Debug)]
pub enum Server {}

impl ContentNamespace for Client {
    const NAMESPACE: &'static str = ns::CLIENT;
}

impl ContentNamespace for Server {
    const NAMESPACE: &'static str = ns::SERVER;
}

/// A child of a stream whose content namespace is `N`. The element is as it is inside wallops: a
/// stanza is in `jabber:client`.
#[derive(Clone, Debug, PartialEq)]
pub struct OnStream<N> {
    /// The element.
    pub element: Element,
    namespace: PhantomData<fn() -> N>,
}

impl<N> From<Element> for OnStream<N> {
    fn from(element: Element) -> Self {
        Self { element, namespace: PhantomData }
    }
}

/// Why a child of a stream is refused although it is well-formed. Travels inside an
/// [`xso::error::Error`]; [`Refusal::of`] gets it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A stanza is in the content namespace of another kind of stream.
    #[error("a stanza in another namespace than the stream's content")]
    Namespace,
    /// It exceeds a bound of [`Limits`].
    #[error("an element too deep, too long or with too many attributes")]
    Limit,
}

impl Refusal {
    /// The stream error that it deserves (RFC 6120 §4.9.3.10, §4.9.3.14).
    pub const fn condition(self) -> &'static str {
        match self {
            Refusal::Namespace => "invalid-namespace",
            Refusal::Limit => "policy-violation",
        }
    }

    /// The refusal in an error that reading an [`OnStream`] gave.
    pub fn of(error: &Error) -> Option<Refusal> {
        match error {
            Error::TextParseError(inner) => inner.downcast_ref().copied(),
            _ => None,
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        Error::text_parse_error(refusal)
    }
}

/// Builds an [`OnStream`]. It has a stack of its own, and joins neighbouring pieces of text.
pub struct OnStreamBuilder<N> {
    open: Vec<Element>,
    reach: Reach,
    size: usize,
    limits: Limits,
    namespace: PhantomData<fn() -> N>,
}

impl<N: ContentNamespace> OnStreamBuilder<N> {
    fn start_element(
        &mut self,
        (namespace, name): QName,
        attributes: AttrMap,
    ) -> Result<(), Refusal> {
        let Limits { depth_max, attributes_max, .. } = self.limits;
        if self.open.len() == depth_max || attributes.len() > attributes_max {
            return Err(Refusal::Limit);
        }
        let namespace = namespace.as_str();
        if self.open.is_empty() && is_stanza(&name) && is_other_content::<N>(namespace) {
            return Err(Refusal::Namespace);
        }
        let translated = self.reach.start(namespace == N::NAMESPACE, &name);
        let namespace = if translated { ns::CLIENT } else { namespace };
        let mut element = Element::bare(name.as_str(), namespace);
        *element.attrs_mut() = attributes;
        self.open.push(element);
        Ok(())
    }
}

impl<N: ContentNamespace> FromEventsBuilder for OnStreamBuilder<N> {
    type Output = OnStream<N>;

    fn feed(&mut self, event: Event, _: &Context<'_>) -> Result<Option<OnStream<N>>, Error> {
        self.size += event.metrics().len();
        if self.size > self.limits.size_max {
            return Err(Refusal::Limit.into());
        }
        match event {
            Event::StartElement(_, name, attributes) => self.start_element(name, attributes)?,
            Event::Text(_, text) => {
                if let Some(element) = self.open.last_mut() {
                    element.append_text(text);
                }
            }
            Event::EndElement(_) => {
                self.reach.end();
                let ended = self.open.pop();
                match (self.open.last_mut(), ended) {
                    (Some(parent), Some(child)) => {
                        parent.append_child(child);
                    }
                    (None, ended) => return Ok(ended.map(OnStream::from)),
                    (Some(_), None) => {}
                }
            }
            Event::XmlDeclaration(..) => {}
        }
        Ok(None)
    }
}

impl<N: ContentNamespace> FromXml for OnStream<N> {
    type Builder = OnStreamBuilder<N>;

    fn from_events(
        name: QName,
        attributes: AttrMap,
        _: &Context<'_>,
    ) -> Result<Self::Builder, FromEventsError> {
        let mut builder = OnStreamBuilder {
            open: Vec::new(),
            reach: Reach::default(),
            size: 0,
            limits: Limits::default(),
            namespace: PhantomData,
        };
        builder
            .start_element(name, attributes)
            .map_err(|refusal| FromEventsError::Invalid(refusal.into()))?;
        Ok(builder)
    }
}

/// The items of an element as `N` has them.
pub struct OnStreamItems<'x, N> {
    items: <Element as AsXml>::ItemIter<'x>,
    reach: Reach,
    namespace: PhantomData<fn() -> N>,
}

impl<'x, N: ContentNamespace> Iterator for OnStreamItems<'x, N> {
    type Item = Result<Item<'x>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.items.next()?;
        Some(item.map(|item| self.reach.translate::<N>(item)))
    }
}

impl<N: ContentNamespace> AsXml for OnStream<N> {
    type ItemIter<'x> = OnStreamItems<'x, N>;

    fn as_xml_iter(&self) -> Result<Self::ItemIter<'_>, Error> {
        let items = self.element.as_xml_iter()?;
        Ok(OnStreamItems { items, reach: Reach::default(), namespace: PhantomData })
    }
}

/// How far the content namespace reaches: how many of the open elements are content, and how many
/// are inside something else.
#[derive(Default)]
struct Reach {
    content: usize,
    foreign: usize,
}

impl Reach {
    /// An element starts; whether it is translated.
    fn start(&mut self, in_namespace: bool, name: &str) -> bool {
        let outermost = self.content == 0;
        let translated = self.foreign == 0 && in_namespace && (!outermost || is_stanza(name));
        if translated {
            self.content += 1;
        } else {
            self.foreign += 1;
        }
        translated
    }

    /// An item on its way out, as `N` has it.
    fn translate<'x, N: ContentNamespace>(&mut self, item: Item<'x>) -> Item<'x> {
        match item {
            Item::ElementHeadStart(namespace, name) => {
                let translated = self.start(namespace.as_str() == ns::CLIENT, name.as_str());
                let namespace =
                    if translated { Namespace::from_str(N::NAMESPACE) } else { namespace };
                Item::ElementHeadStart(namespace, name)
            }
            Item::ElementFoot => {
                self.end();
                Item::ElementFoot
            }
            item => item,
        }
    }

    /// The innermost open element ends.
    fn end(&mut self) {
        if self.foreign > 0 {
            self.foreign -= 1;
        } else {
            self.content = self.content.saturating_sub(1);
        }
    }
}

fn is_stanza(name: &str) -> bool {
    matches!(name, "message" | "presence" | "iq")
}

fn is_other_content<N: ContentNamespace>(namespace: &str) -> bool {
    namespace != N::NAMESPACE && [ns::CLIENT, ns::SERVER].contains(&namespace)
}

#[cfg(test)]
mod tests;
