//! The owner's IQs: the configuration form, an instant room, the end of the room (XEP-0045 §10).

use super::end::Venue;
use super::*;
use crate::room::form::{Answer, Problem};
use crate::room::{Affiliation, settings};
use crate::stanza::{Element, element};

impl Master {
    /// A request in `muc#owner`. The result goes out after everything that everybody is told.
    pub(super) fn owner_query(
        &mut self,
        now: Time,
        stanza: &Stanza,
        query: &Element,
        out: &mut Vec<Output>,
    ) {
        let Some(from) = &stanza.from else { return };
        if self.affiliation(&from.to_bare()) != Affiliation::Owner {
            return refuse(stanza, ErrorType::Auth, Condition::Forbidden, None, out);
        }
        if stanza.type_ == Type::Get {
            let mut query = element("query", ns::MUC_OWNER, &[]);
            query.append_child(settings::form(&self.config));
            return out.push(Output::Send(stanza.result_reply(vec![query])));
        }
        let done = match (query.get_child("destroy", ns::MUC_OWNER), query.children().next()) {
            (Some(destroy), _) => Venue::read(destroy).map(|venue| self.destroy(now, &venue, out)),
            (None, Some(form)) => self.submitted(now, form, out),
            (None, None) => Err(Problem::new("neither a form nor an end")),
        };
        match done {
            Ok(()) => out.push(Output::Send(stanza.result_reply(vec![]))),
            Err(problem) => {
                let text = Some(problem.text());
                refuse(stanza, ErrorType::Modify, Condition::BadRequest, text, out);
            }
        }
    }

    fn submitted(
        &mut self,
        now: Time,
        form: &Element,
        out: &mut Vec<Output>,
    ) -> Result<(), Problem> {
        match Answer::read(form, settings::FORM_TYPE)? {
            // Who does not want the room that he is creating does not get it (XEP-0045 §10.1.3).
            Answer::Cancelled if self.locked => self.destroy(now, &Venue::default(), out),
            Answer::Cancelled => {}
            Answer::Accepted => self.unlock(),
            Answer::Submitted(fields) => {
                let config = settings::apply(&self.config, fields)?;
                let codes = settings::codes(&self.config, &config);
                self.unlock();
                self.configure(now, config, &codes, out);
            }
        }
        Ok(())
    }
}

impl Venue {
    /// Read a `<destroy/>`.
    fn read(destroy: &Element) -> Result<Self, Problem> {
        let text = |name| {
            let text = destroy.get_child(name, ns::MUC_OWNER).map(Element::text);
            text.filter(|text| !text.is_empty())
        };
        let jid = destroy.attr("jid").map(Jid::new).transpose();
        let jid = jid.map_err(|_| Problem::of("jid", "is no JID"))?;
        Ok(Self { jid, reason: text("reason"), password: text("password") })
    }
}
