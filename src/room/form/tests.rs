use super::*;

const KIND: &str = "urn:example:kind";

fn read(fields: &str) -> Result<Answer, Problem> {
    let form = format!(
        "<x xmlns='jabber:x:data' type='submit'>\
         <field var='FORM_TYPE'><value>{KIND}</value></field>{fields}</x>"
    );
    Answer::read(&form.parse().unwrap(), KIND)
}

fn fields(xml: &str) -> Fields {
    match read(xml).unwrap() {
        Answer::Submitted(fields) => fields,
        other => panic!("{other:?}"),
    }
}

fn answer(xml: &str) -> Result<Answer, Problem> {
    Answer::read(&xml.parse().unwrap(), KIND)
}

#[test]
fn a_form_is_submitted_accepted_or_cancelled() {
    assert_eq!(answer("<x xmlns='jabber:x:data' type='cancel'/>"), Ok(Answer::Cancelled));
    assert_eq!(answer("<x xmlns='jabber:x:data' type='submit'/>"), Ok(Answer::Accepted));
    assert_eq!(read(""), Ok(Answer::Submitted(Fields::default())));
}

#[test]
fn what_is_no_submission_of_this_form_is_refused() {
    for xml in [
        "<x xmlns='jabber:x:data'/>",
        "<x xmlns='jabber:x:data' type='form'/>",
        "<x xmlns='jabber:x:data' type='submit'><field var='a'><value>1</value></field></x>",
        "<x xmlns='jabber:x:data' type='submit'><field><value>1</value></field></x>",
        "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>urn:other</value>\
         </field></x>",
    ] {
        assert!(answer(xml).is_err(), "{xml}");
    }
}

#[test]
fn a_field_that_comes_twice_or_is_left_over_is_named() {
    let twice = "<field var='a'><value>1</value></field><field var='a'><value>2</value></field>";
    assert_eq!(read(twice).unwrap_err().text(), "a: given twice");
    let left = fields("<field var='zip'><value>1</value></field>").finish().unwrap_err();
    assert_eq!(left.text(), "zip: this form has no such field");
}

#[test]
fn booleans_have_four_spellings_and_may_be_empty() {
    let value = |value: &str| fields(&format!("<field var='a'>{value}</field>")).boolean("a");
    for (xml, expected) in [
        ("<value>1</value>", Ok(Some(true))),
        ("<value>true</value>", Ok(Some(true))),
        ("<value>0</value>", Ok(Some(false))),
        ("<value>false</value>", Ok(Some(false))),
        ("", Ok(Some(false))),
    ] {
        assert_eq!(value(xml), expected, "{xml}");
    }
    let wrong = value("<value>maybe</value>").unwrap_err();
    assert_eq!(wrong.text(), "a: must be 0, 1, true or false");
    assert_eq!(fields("").boolean("a"), Ok(None));
}

#[test]
fn texts_have_one_value_and_an_end() {
    let mut several = fields("<field var='a'><value>x</value><value>y</value></field>");
    assert!(several.text("a", 10).is_err());
    let mut long = fields("<field var='a'><value>ümlaut</value></field>");
    assert_eq!(long.clone().text("a", 6), Ok(Some("ümlaut".to_owned())));
    assert_eq!(long.text("a", 5).unwrap_err().text(), "a: at most 5 characters");
}

#[test]
fn choices_are_what_the_form_offers() {
    let offered = [("one", 1), ("two", 2)];
    let xml = "<field var='a'><value>two</value><value>one</value></field>";
    assert_eq!(fields(xml).choices("a", &offered), Ok(Some(vec![2, 1])));
    let wrong = fields("<field var='a'><value>three</value></field>").choice("a", &offered);
    assert_eq!(wrong.unwrap_err().text(), "a: must be one of one, two");
}

#[test]
fn hostile_sizes_are_refused_and_the_answer_stays_short() {
    let many: String = (0..=FIELDS_MAX).map(|n| format!("<field var='v{n}'/>")).collect();
    assert!(read(&many).is_err());
    let values = "<value>x</value>".repeat(VALUES_MAX + 1);
    assert!(read(&format!("<field var='a'>{values}</field>")).is_err());
    let name = "n".repeat(5_000);
    let problem = fields(&format!("<field var='{name}'/>")).finish().unwrap_err();
    assert!(problem.text().len() < 200);
}

#[test]
fn a_form_says_the_type_of_every_field() {
    let shown = vec![
        field("a", FieldType::TextSingle, "A", "x"),
        boolean("b", "B", true),
        list("c", FieldType::ListSingle, "C", &[("one", "One")], &["one"]),
    ];
    let form = element(DataFormType::Form, KIND, "Title", shown);
    let types: Vec<_> = form.children().filter_map(|child| child.attr("type")).collect();
    assert_eq!(types, ["hidden", "text-single", "boolean", "list-single"]);
}
