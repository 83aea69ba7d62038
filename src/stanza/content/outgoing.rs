//! A stanza on its way out: written as it is, without an element being made of it first, so that
//! what many copies share is not copied.

use std::borrow::Cow;
use std::marker::PhantomData;

use minidom::Element;
use rxml::{Namespace, NcName};
use xso::error::Error;
use xso::{AsXml, Item};

use super::{ContentNamespace, Reach};
use crate::stanza::Stanza;

/// A stanza as a child of a stream whose content namespace is `N`.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'s, N> {
    stanza: &'s Stanza,
    namespace: PhantomData<fn() -> N>,
}

impl<'s, N> Outgoing<'s, N> {
    /// This stanza.
    pub fn new(stanza: &'s Stanza) -> Self {
        Self { stanza, namespace: PhantomData }
    }
}

/// The items of an [`Outgoing`] stanza.
pub struct OutgoingItems<'x, N> {
    stage: Stage<'x>,
    payloads: std::slice::Iter<'x, Element>,
    reach: Reach,
    namespace: PhantomData<fn() -> N>,
}

enum Stage<'x> {
    Start(&'x Stanza),
    Attributes(std::vec::IntoIter<(&'x str, &'x str)>),
    Payloads,
    Payload(Box<<Element as AsXml>::ItemIter<'x>>),
    End,
}

impl<'x, N: ContentNamespace> Iterator for OutgoingItems<'x, N> {
    type Item = Result<Item<'x>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match &mut self.stage {
                Stage::Start(stanza) => {
                    let stanza = *stanza;
                    self.stage = Stage::Attributes(attributes(stanza).into_iter());
                    self.reach.start(true, stanza.kind.name());
                    let name =
                        NcName::try_from(stanza.kind.name()).map_err(Error::text_parse_error);
                    let namespace = Namespace::from_str(N::NAMESPACE);
                    return Some(
                        name.map(|name| Item::ElementHeadStart(namespace, Cow::Owned(name))),
                    );
                }
                Stage::Attributes(attributes) => match attributes.next() {
                    Some((name, value)) => {
                        if let Some((namespace, name)) = qualified(name) {
                            let item = Item::Attribute(namespace, Cow::Owned(name), value.into());
                            return Some(Ok(item));
                        }
                    }
                    None => {
                        self.stage = Stage::Payloads;
                        return Some(Ok(Item::ElementHeadEnd));
                    }
                },
                Stage::Payloads => match self.payloads.next().map(AsXml::as_xml_iter) {
                    Some(Ok(items)) => self.stage = Stage::Payload(Box::new(items)),
                    Some(Err(error)) => return Some(Err(error)),
                    None => {
                        self.stage = Stage::End;
                        return Some(Ok(Item::ElementFoot));
                    }
                },
                Stage::Payload(items) => match items.next() {
                    Some(item) => return Some(item.map(|item| self.reach.translate::<N>(item))),
                    None => self.stage = Stage::Payloads,
                },
                Stage::End => return None,
            }
        }
    }
}

impl<N: ContentNamespace> AsXml for Outgoing<'_, N> {
    type ItemIter<'x>
        = OutgoingItems<'x, N>
    where
        Self: 'x;

    fn as_xml_iter(&self) -> Result<Self::ItemIter<'_>, Error> {
        Ok(OutgoingItems {
            stage: Stage::Start(self.stanza),
            payloads: self.stanza.payloads.iter(),
            reach: Reach::default(),
            namespace: PhantomData,
        })
    }
}

/// The attributes, each once: what is not a JID may stand beside an address that was set later.
fn attributes(stanza: &Stanza) -> Vec<(&str, &str)> {
    let mut attributes = stanza.attributes();
    if stanza.extra.is_some() {
        let mut index = 0;
        while index < attributes.len() {
            let name = attributes[index].0;
            if attributes[index + 1..].iter().any(|(later, _)| *later == name) {
                attributes.remove(index);
            } else {
                index += 1;
            }
        }
    }
    attributes
}

/// The name of an attribute as [`Stanza::attributes`] gives it; [`None`] if it is no XML name.
fn qualified(name: &str) -> Option<(Namespace<'static>, NcName)> {
    let (namespace, name) = match name.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
        Some((namespace, name)) => (Namespace::from(namespace.to_owned()), name),
        None if name == "xml:lang" => (Namespace::XML, "lang"),
        None => (Namespace::NONE, name),
    };
    Some((namespace, NcName::try_from(name).ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stanza::arbitrary;
    use crate::stanza::content::{Client, OnStream, Server};

    fn read<N: ContentNamespace>(item: &impl AsXml) -> Option<Element> {
        let bytes = xso::to_vec(item).ok()?;
        xso::from_bytes::<OnStream<N>>(&bytes).ok().map(|read| read.element)
    }

    proptest! {
        #[test]
        fn a_stanza_is_written_as_its_element_is(stanza in arbitrary::stanza()) {
            let element = Element::from(&stanza);
            let server = read::<Server>(&OnStream::<Server>::from(element.clone()));
            prop_assert_eq!(read::<Server>(&Outgoing::<Server>::new(&stanza)), server);
            let client = read::<Client>(&OnStream::<Client>::from(element));
            prop_assert_eq!(read::<Client>(&Outgoing::<Client>::new(&stanza)), client);
        }
    }

    #[test]
    fn no_attribute_is_written_twice() {
        let mut stanza: Stanza = "<message from='@' to='a@b' x='1'/>".parse().unwrap();
        stanza.from = Some(std::sync::Arc::new("c@d".parse().unwrap()));
        let element = read::<Client>(&Outgoing::<Client>::new(&stanza)).unwrap();
        assert_eq!(element, Element::from(&stanza));
    }
}
