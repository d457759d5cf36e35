use super::*;

fn problems(configuration: &str) -> String {
    let sections = ["crm_config", "nodes", "resources", "constraints"]
        .iter()
        .filter(|s| !configuration.contains(&format!("<{s}>")))
        .map(|s| format!("<{s}/>"))
        .collect::<String>();
    let text = format!(
        "<cib validate-with='pacemaker-3.9' admin_epoch='0' epoch='1' num_updates='0'>\
         <configuration>{sections}{configuration}</configuration><status><anything/></status></cib>"
    );
    let mark = |p: &Problem| if p.severity == Severity::Error { "E" } else { "W" };
    Cib::parse(&text).unwrap().problems().iter().map(|p| format!("{} {p}\n", mark(p))).collect()
}

fn resources(resources: &str) -> String {
    problems(&format!("<resources>{resources}</resources>"))
}

const DUMMY: &str = "<primitive id='a' class='ocf' provider='heartbeat' type='Dummy'/>";

#[test]
fn a_sound_configuration_has_no_problems() {
    assert_eq!(Cib::empty().problems(), []);
    let text = format!(
        "<resources>{DUMMY}<clone id='c'><meta_attributes id='c-m'><nvpair id='c-m-x' name='x' value='1'/></meta_attributes>\
         <primitive id='b' class='systemd' type='x'><operations><op id='b-s' name='start' interval='0s' timeout='10s'/>\
         </operations></primitive></clone></resources>\
         <constraints><rsc_location id='l' rsc='a' node='n' score='INFINITY'/><rsc_order id='o' first='a' then='c'/>\
         <rsc_colocation id='k'><resource_set id='s'><resource_ref id='a'/></resource_set></rsc_colocation></constraints>\
         <rsc_defaults><meta_attributes id='d'><rule id='r'><date_expression id='e' operation='gt' start='2020-01-01'/></rule>\
         </meta_attributes></rsc_defaults><tags><tag id='t'><obj_ref id='a'/></tag></tags>"
    );
    assert_eq!(problems(&text), "");
}

#[test]
fn what_does_not_belong_is_named() {
    assert_eq!(resources("<primitve id='a'/>"), "E primitve `a`: the element is not known\n");
    assert_eq!(resources("<op id='a' name='x' interval='0'/>"), "E op `a`: it has no place in resources\n");
    assert_eq!(
        resources("<primitive id='a' class='lsb' type='x' colour='red'/>"),
        "E primitive `a`: the attribute `colour` is not known here; known: id, class, type, provider, template, description\n"
    );
    assert_eq!(
        resources("<primitive id='a' class='lsb' type='x'>text</primitive>"),
        "E primitive `a`: the text `text` has no place here\n"
    );
    assert_eq!(resources(&format!("{DUMMY}<group id='g'/>")), "E group `g`: there is no `primitive` in it\n");
    assert_eq!(problems("<nodes><node uname='x'/></nodes>"), "E node: the attribute `id` is missing\n");
}

#[test]
fn values_are_checked() {
    for (text, part) in [
        ("<primitive id='1a' class='lsb' type='x'/>", "it must be an id"),
        ("<primitive id='a' class='foo' type='x'/>", "one of ocf, lsb"),
        ("<primitive id='a' class='ocf' type='x'/>", "needs a `provider`"),
        ("<primitive id='a' type='x'/>", "`class` is missing"),
        ("<clone id='c'/>", "exactly one primitive or group"),
        ("<bundle id='c'/>", "exactly one of docker"),
        (
            "<primitive id='a' class='lsb' type='x'><operations><op id='o' name='m' interval='1' enabled='maybe'/></operations></primitive>",
            "`true` or `false`",
        ),
        (
            "<primitive id='a' class='lsb' type='x'><operations><op id='o' name='m' interval='1' role='Boss'/></operations></primitive>",
            "one of Stopped, Started",
        ),
        (
            "<primitive id='a' class='lsb' type='x'><operations/><operations/></primitive>",
            "only one in primitive",
        ),
        (
            "<primitive id='a' class='lsb' type='x'><meta_attributes id='m' score='high'/></primitive>",
            "a score",
        ),
        ("<primitive id='a' class='lsb' type='x'><meta_attributes/></primitive>", "`id` is missing"),
        (
            "<primitive id='a' class='lsb' type='x'><meta_attributes id='m'><nvpair id='n' value='1'/></meta_attributes></primitive>",
            "`name` is missing",
        ),
    ] {
        let found = resources(text);
        assert!(found.starts_with('E') && found.contains(part), "{text}: {found}");
    }
}

#[test]
fn constraints_are_checked() {
    for (text, part) in [
        ("<rsc_location id='l' rsc='a' node='n'/>", "`score` is missing"),
        ("<rsc_location id='l' rsc='gone' node='n' score='1'/>", "no resource `gone`"),
        ("<rsc_location id='l' rsc='a'/>", "or rules"),
        ("<rsc_location id='l' rsc='a' rsc-pattern='b' node='n' score='1'/>", "one of `rsc`"),
        ("<rsc_order id='o' first='a'/>", "either `first` and `then`"),
        ("<rsc_order id='o' first='a' then='a' kind='Maybe'/>", "one of Optional"),
        ("<rsc_colocation id='c'/>", "or resource sets"),
        ("<rsc_ticket id='t' ticket='T'/>", "either `rsc`"),
        ("<rsc_location id='l' rsc='a'><rule id='r'/></rsc_location>", "no condition"),
        (
            "<rsc_location id='l' rsc='a'><rule id='r'><date_expression id='d' operation='lt'/></rule></rsc_location>",
            "`lt` needs",
        ),
        (
            "<rsc_location id='l' rsc='a'><rule id-ref='r'/><rule id='r'><rule id-ref='r'/></rule></rsc_location>",
            "in which it is itself",
        ),
    ] {
        let found = problems(&format!("<resources>{DUMMY}</resources><constraints>{text}</constraints>"));
        assert!(found.starts_with('E') && found.contains(part), "{text}: {found}");
    }
}

#[test]
fn ids_are_used_once() {
    assert_eq!(
        resources(&format!("{DUMMY}<group id='g'>{DUMMY}</group>")),
        "E primitive `a`: the id is used already, by a primitive\n"
    );
    // References are not ids of their own, and neither are those of nodes.
    let text = format!(
        "<nodes><node id='a' uname='a'/></nodes><resources>{DUMMY}</resources><tags><tag id='t'><obj_ref id='a'/></tag></tags>"
    );
    assert_eq!(problems(&text), "");
}

#[test]
fn what_is_named_must_be_there() {
    let text = format!(
        "<resources>{DUMMY}<primitive id='b' template='t'/></resources><constraints><rsc_location id='l' rsc='x' node='n' score='1'/>\
         <rsc_colocation id='k'><resource_set id='s'><resource_ref id='y'/></resource_set></rsc_colocation></constraints>\
         <fencing-topology><fencing-level id='f' target='n' index='1' devices='a,z'/></fencing-topology>\
         <acls><acl_target id='u'><role id='r'/></acl_target></acls>\
         <rsc_defaults><meta_attributes id-ref='m'/></rsc_defaults>"
    );
    assert_eq!(
        problems(&text),
        "E primitive `b`: there is no template `t`\n\
         E rsc_location `l`: there is no resource `x`\n\
         E resource_set `s`: there is no resource `y`\n\
         W fencing-level `f`: there is no fence device `a`\n\
         W fencing-level `f`: there is no fence device `z`\n\
         E acl_target `u`: there is no acl_role `r`\n\
         E meta_attributes: there is no meta_attributes `m` to refer to\n"
    );
}

#[test]
fn schemas_are_known_or_none() {
    let with = |schema: &str, body: &str| {
        let text = format!(
            "<cib {schema} admin_epoch='0' epoch='0' num_updates='0'><configuration>{body}<crm_config/><nodes/><resources/><constraints/></configuration></cib>"
        );
        Cib::parse(&text).unwrap().errors().len()
    };
    assert_eq!(with("validate-with='pacemaker-1.2'", ""), 0);
    assert_eq!(with("validate-with='pacemaker-9.0'", ""), 1);
    assert_eq!(with("validate-with='none'", "<strange/>"), 0);
    assert_eq!(with("validate-with='pacemaker-4.0'", "<strange/>"), 1);
    assert_eq!(with("", ""), 0);
}

#[test]
fn a_flood_of_problems_is_cut() {
    assert!(resources(&"<primitive/>".repeat(10_000)).lines().count() <= MAX_PROBLEMS);
}
