//! Data forms (XEP-0004, XEP-0068): reading what somebody submits, and building what he is shown.
//!
//! What comes in is bounded, and every refusal names the field. What a form is *for* is not said
//! here: see `settings`, `registration`, `voice`.

use std::collections::BTreeMap;
use std::fmt;

use minidom::Element;
use xmpp_parsers::data_forms::{DataForm, DataFormType, Field, FieldType, Option_};

use crate::stanza::{attribute, ns};

/// Why a form is refused. Its text names the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(String);

impl Problem {
    /// With this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// What is wrong with this field.
    pub fn of(var: &str, what: &str) -> Self {
        // A hostile name must not make a long answer.
        let name: String = var.chars().take(NAME_SHOWN_MAX).collect();
        Self(format!("{name}: {what}"))
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What somebody does with a form.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// He wants nothing to be changed.
    Cancelled,
    /// He takes all as it is: a submission without any field.
    Accepted,
    /// He wants this.
    Submitted(Fields),
}

impl Answer {
    /// Read an answer to a form of this `FORM_TYPE`.
    ///
    /// # Errors
    ///
    /// If it is none, or one to another form, or has too many fields or values, or one twice.
    pub fn read(form: &Element, form_type: &str) -> Result<Self, Problem> {
        let form = DataForm::try_from(form.clone())
            .map_err(|error| Problem::new(format!("not a data form: {error}")))?;
        match form.type_ {
            DataFormType::Cancel => return Ok(Answer::Cancelled),
            DataFormType::Submit => {}
            _ => return Err(Problem::new("not a submitted form")),
        }
        if form.fields.is_empty() {
            return Ok(Answer::Accepted);
        }
        if form.form_type() != Some(form_type) {
            return Err(Problem::of(FORM_TYPE, &format!("must be {form_type}")));
        }
        if form.fields.len() > FIELDS_MAX {
            return Err(Problem::new(format!("more than {FIELDS_MAX} fields")));
        }
        let mut fields = BTreeMap::new();
        for field in form.fields {
            let Some(var) = field.var.filter(|var| var != FORM_TYPE) else { continue };
            if field.values.len() > VALUES_MAX {
                return Err(Problem::of(&var, &format!("more than {VALUES_MAX} values")));
            }
            if fields.contains_key(&var) {
                return Err(Problem::of(&var, "given twice"));
            }
            fields.insert(var, field.values);
        }
        Ok(Answer::Submitted(Fields(fields)))
    }
}

/// The fields of a submission by name. Each is taken once; what is left is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(BTreeMap<String, Vec<String>>);

impl Fields {
    /// All values of a field, if it is there.
    pub fn take(&mut self, var: &str) -> Option<Vec<String>> {
        self.0.remove(var)
    }

    /// The value of a field that has one at most; empty if it has none.
    ///
    /// # Errors
    ///
    /// If it has several values, or more than `characters_max` characters.
    pub fn text(&mut self, var: &str, characters_max: usize) -> Result<Option<String>, Problem> {
        let Some(mut values) = self.take(var) else { return Ok(None) };
        if values.len() > 1 {
            return Err(Problem::of(var, "only one value"));
        }
        let text = values.pop().unwrap_or_default();
        if text.chars().nth(characters_max).is_some() {
            return Err(Problem::of(var, &format!("at most {characters_max} characters")));
        }
        Ok(Some(text))
    }

    /// The value of a boolean field; `false` if it has none.
    ///
    /// # Errors
    ///
    /// If it is not one of XEP-0004's four spellings.
    pub fn boolean(&mut self, var: &str) -> Result<Option<bool>, Problem> {
        match self.text(var, VALUE_MAX)?.as_deref() {
            None => Ok(None),
            Some("1" | "true") => Ok(Some(true)),
            Some("0" | "false" | "") => Ok(Some(false)),
            Some(_) => Err(Problem::of(var, "must be 0, 1, true or false")),
        }
    }

    /// The value of a field that offers these.
    ///
    /// # Errors
    ///
    /// If it is none of them.
    pub fn choice<T: Copy>(
        &mut self,
        var: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, Problem> {
        let Some(value) = self.text(var, VALUE_MAX)? else { return Ok(None) };
        choice(var, &value, choices).map(Some)
    }

    /// The values of a field that offers these, in the order given.
    ///
    /// # Errors
    ///
    /// If one is none of them.
    pub fn choices<T: Copy>(
        &mut self,
        var: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<Vec<T>>, Problem> {
        let Some(values) = self.take(var) else { return Ok(None) };
        values.iter().map(|value| choice(var, value, choices)).collect::<Result<_, _>>().map(Some)
    }

    /// That all fields were known.
    ///
    /// # Errors
    ///
    /// If one is left, with its name.
    pub fn finish(self) -> Result<(), Problem> {
        match self.0.first_key_value() {
            Some((var, _)) => Err(Problem::of(var, "this form has no such field")),
            None => Ok(()),
        }
    }
}

fn choice<T: Copy>(var: &str, value: &str, choices: &[(&str, T)]) -> Result<T, Problem> {
    let found = choices.iter().find(|(name, _)| *name == value);
    found.map(|(_, choice)| *choice).ok_or_else(|| {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        Problem::of(var, &format!("must be one of {}", names.join(", ")))
    })
}

/// A field with one value.
pub fn field(var: &str, type_: FieldType, label: &str, value: &str) -> Field {
    Field { label: Some(label.to_owned()), ..Field::new(var, type_).with_value(value) }
}

/// A field that is on or off.
pub fn boolean(var: &str, label: &str, value: bool) -> Field {
    field(var, FieldType::Boolean, label, if value { "1" } else { "0" })
}

/// A field that offers these options, with labels, of which `chosen` are.
pub fn list(
    var: &str,
    type_: FieldType,
    label: &str,
    options: &[(&str, &str)],
    chosen: &[&str],
) -> Field {
    let options = options.iter().map(|(value, label)| Option_ {
        label: Some((*label).to_owned()),
        value: (*value).to_owned(),
    });
    Field {
        label: Some(label.to_owned()),
        options: options.collect(),
        values: chosen.iter().map(|value| (*value).to_owned()).collect(),
        ..Field::new(var, type_)
    }
}

/// A form as it is sent. Every field says its type, also if it is the default.
pub fn element(type_: DataFormType, form_type: &str, title: &str, fields: Vec<Field>) -> Element {
    let mut form = DataForm::new(type_, form_type, fields);
    form.title = Some(title.to_owned()).filter(|title| !title.is_empty());
    let mut form = Element::from(form);
    for child in form.children_mut().filter(|child| child.is("field", ns::DATA_FORMS)) {
        if child.attr("type").is_none() {
            *child = attribute(child.clone(), "type", "text-single");
        }
    }
    form
}

const FORM_TYPE: &str = "FORM_TYPE";

/// How many fields a submission may have.
const FIELDS_MAX: usize = 128;
/// How many values a field may have.
const VALUES_MAX: usize = 256;
/// How many characters a value that names a choice may have.
const VALUE_MAX: usize = 64;
/// How much of a field's name an error shows, in characters.
const NAME_SHOWN_MAX: usize = 128;

#[cfg(test)]
mod tests;
