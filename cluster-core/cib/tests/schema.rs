//! What we call an error is what the schemas of an installed Pacemaker refuse.

use rhapsody_cib::Cib;
use std::path::{Path, PathBuf};
use std::process::Command;

/// None when there are no schemas here or no xmllint.
fn accepted(file: &Path, cib: &Cib) -> Option<bool> {
    let schema = Path::new("/usr/share/pacemaker").join(format!("{}.rng", cib.schema()?));
    if !schema.exists() {
        return None;
    }
    std::fs::write(file, cib.to_xml()).ok()?;
    let output = Command::new("xmllint").arg("--noout").arg("--relaxng").arg(schema).arg(file).output();
    output.ok().map(|o| o.status.success())
}

fn cib(configuration: &str) -> Cib {
    let sections: String = ["crm_config", "nodes", "resources", "constraints"]
        .iter()
        .filter(|s| !configuration.contains(&format!("<{s}>")))
        .map(|s| format!("<{s}/>"))
        .collect();
    Cib::parse(&format!(
        "<cib validate-with=\"pacemaker-3.9\" admin_epoch=\"0\" epoch=\"0\" num_updates=\"0\">\
         <configuration>{sections}{configuration}</configuration><status/></cib>"
    ))
    .unwrap()
}

#[test]
fn verdicts_agree() {
    let file = std::env::temp_dir().join(format!("rhapsody-schema-{}.xml", std::process::id()));
    let a = "<primitive id='a' class='ocf' provider='p' type='t'/>";
    let resources = |r: &str| format!("<resources>{r}</resources>");
    let constraints = |c: &str| format!("<resources>{a}</resources><constraints>{c}</constraints>");
    let expression = "<expression id='e' attribute='x' operation='defined'/>";
    let mut cases = vec![String::new(), resources(a), resources("<group id='g'/>"), resources("<foo/>")];
    for r in [
        "<primitive id='a'/>",
        "<primitive id='a' class='ocf' type='t'/>",
        "<primitive id='a' class='lsb' type='t' x='1'/>",
        "<primitive id='1' class='lsb' type='t'/>",
        "<primitive id='a' template='t'/>",
        "<clone id='c'/>",
        "<bundle id='b'><docker image='i'/></bundle>",
        "<bundle id='b'><docker image='i'/><podman image='i'/></bundle>",
        "<bundle id='b'><docker replicas='2'/></bundle>",
        "<bundle id='b'><docker image='i'/><network><port-mapping id='p'/></network></bundle>",
    ] {
        cases.push(resources(r));
    }
    cases.push(resources(&format!("<clone id='c'>{a}</clone>")));
    cases.push(resources(&format!(
        "<clone id='c'>{a}<group id='g'><primitive id='b' template='t'/></group></clone>"
    )));
    cases.push(resources(&format!("{a}<group id='g'>{a}</group>")));
    for inner in [
        "<operations><op id='o' name='start' interval='0'/></operations>",
        "<operations><op id='o' name='start'/></operations>",
        "<operations><op id='o' name='start' interval='0' on-fail='x'/></operations>",
        "<operations/><operations/>",
        "<meta_attributes id='m'><nvpair id='n' name='x'/></meta_attributes>",
        "<meta_attributes id='m'><nvpair id='n' value='x'/></meta_attributes>",
        "<meta_attributes id='m' score='x'/>",
        "<meta_attributes id='m' score='-INFINITY'/>",
        "<meta_attributes/>",
        "text",
    ] {
        cases.push(resources(&format!("<primitive id='a' class='lsb' type='t'>{inner}</primitive>")));
    }
    for c in [
        "<rsc_location id='l' rsc='a' node='n' score='1'/>",
        "<rsc_location id='l' rsc='a' node='n'/>",
        "<rsc_location id='l' node='n' score='1'/>",
        "<rsc_location id='l' rsc='a'/>",
        "<rsc_location id='l' rsc-pattern='.*' node='n' score='1' resource-discovery='never'/>",
        "<rsc_order id='o' first='a' then='a' kind='Serialize'/>",
        "<rsc_order id='o' first='a'/>",
        "<rsc_order id='o' first='a' then='a' symmetrical='maybe'/>",
        "<rsc_colocation id='k' rsc='a' with-rsc='a' score='x'/>",
        "<rsc_colocation id='k' rsc='a' with-rsc='a' score='5'/>",
        "<rsc_colocation id='k'><resource_set id='s'><resource_ref id='a'/></resource_set></rsc_colocation>",
        "<rsc_colocation id='k'><resource_set id='s'/></rsc_colocation>",
        "<rsc_colocation id='k'/>",
        "<rsc_ticket id='t' rsc='a' ticket='T' loss-policy='fence'/>",
        "<rsc_ticket id='t' rsc='a'/>",
        "<unknown/>",
    ] {
        cases.push(constraints(c));
    }
    for rule in [
        format!("<rule id='r' score='1'>{expression}</rule>"),
        "<rule id='r' score='1'/>".to_owned(),
        "<rule id='r'><date_expression id='d' operation='in_range'/></rule>".to_owned(),
        "<rule id='r'><date_expression id='d' operation='in_range' end='2020-01-01'/></rule>".to_owned(),
        "<rule id='r'><date_expression id='d' operation='gt'/></rule>".to_owned(),
        "<rule id='r'><date_expression id='d' operation='date_spec'/></rule>".to_owned(),
        "<rule id='r'><date_expression id='d' operation='date_spec'><date_spec id='s' hours='1'/></date_expression></rule>".to_owned(),
        "<rule id='r'><expression id='e' attribute='x' operation='is'/></rule>".to_owned(),
        format!("<rule id='r' boolean-op='xor'>{expression}</rule>"),
    ] {
        cases.push(constraints(&format!("<rsc_location id='l' rsc='a'>{rule}</rsc_location>")));
    }
    for other in [
        "<tags><tag id='t'><obj_ref id='a'/></tag></tags>",
        "<tags><tag id='t'/></tags>",
        "<acls><acl_target id='u'><role id='r'/></acl_target><acl_role id='r'><acl_permission id='p' kind='read' xpath='/cib'/></acl_role></acls>",
        "<acls><acl_role id='r'><acl_permission id='p' kind='read'/></acl_role></acls>",
        "<acls><acl_role id='r'><acl_permission id='p' kind='look' xpath='/'/></acl_role></acls>",
        "<alerts><alert id='x' path='/y'><select><select_nodes/></select><recipient id='r' value='v'/></alert></alerts>",
        "<alerts><alert id='x'/></alerts>",
        "<fencing-topology><fencing-level id='f' target='n' index='1' devices='a,b'/></fencing-topology>",
        "<fencing-topology><fencing-level id='f' target='n' index='0' devices='a'/></fencing-topology>",
        "<fencing-topology><fencing-level id='f' index='1' devices='a'/></fencing-topology>",
        "<nodes><node id='1' uname='n' type='ping'/></nodes>",
        "<nodes><node id='1' uname='n' type='x'/></nodes>",
        "<rsc_defaults><meta_attributes id='m'/></rsc_defaults><rsc_defaults/>",
    ] {
        cases.push(other.to_owned());
    }
    for case in &cases {
        let cib = cib(case);
        let Some(theirs) = accepted(&file, &cib) else {
            eprintln!("skipped: no Pacemaker schemas or no xmllint here");
            break;
        };
        let errors = cib.errors();
        assert_eq!(errors.is_empty(), theirs, "{case}: {errors:?}");
    }
    let _ = std::fs::remove_file(&file);
}

#[test]
fn all_of_a_corpus() {
    let Some(corpus) = std::env::var_os("RHAPSODY_CORPUS") else { return };
    let scratch = std::env::temp_dir().join(format!("rhapsody-corpus-{}.xml", std::process::id()));
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(Path::new(&corpus)).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    let (mut agree, mut different) = (0, Vec::new());
    for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "xml")) {
        let Ok(cib) = Cib::parse(&std::fs::read_to_string(file).unwrap()) else { continue };
        let Some(theirs) = accepted(&scratch, &cib) else { continue };
        let errors = cib.errors();
        if errors.is_empty() == theirs {
            agree += 1;
        } else {
            different.push(format!("{} theirs={theirs} {:?}", file.display(), errors.first()));
        }
    }
    let _ = std::fs::remove_file(&scratch);
    eprintln!("{agree} agree");
    assert!(different.is_empty(), "{}", different.join("\n"));
}
