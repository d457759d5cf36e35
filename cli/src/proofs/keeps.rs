//! Commands change what they must and keep everything else as it was written: comments, unknown
//! elements, order, blanks, quotes.

use super::Runner;
use rhapsody_cib::Cib;

/// A CIB as people write it.
const ODD: &str = r##"<?xml version="1.0"?>
<!-- made by hand -->
<cib validate-with='pacemaker-3.9'   epoch="7"  num_updates="0" admin_epoch="0" x-note="ours">
	<configuration>
	  <crm_config >
	    <cluster_property_set id="opts">
	      <!-- because of the switch -->
	      <nvpair   name='stonith-enabled'   id='o1'  value='false' />
	      <nvpair id="o2" name="no-quorum-policy" value="stop"></nvpair>
	    </cluster_property_set>
	  </crm_config>
	  <nodes><node uname="n1" id="1"/> <node id="2"
	      uname="n2"/></nodes>
	  <resources>
	    <?keep this?>
	    <primitive type="Service" id="a" provider="test" class="ocf"><!-- inside --></primitive>

	    <primitive id="b" class="ocf" provider="test"
	               type="Service">
	      <instance_attributes id="b-ia"><nvpair id="b-c" name="config" value="&#x41;&amp;&lt;"/></instance_attributes>
	      <future-thing id="ft" a="1">text <inner/> tail</future-thing>
	    </primitive>
	  </resources>
	  <constraints>
	    <rsc_location rsc="a" id="l1" score="5" node="n1"/>
	  </constraints>
	  <unknown-section> keep &amp; this </unknown-section>
	</configuration>
	<status ><!-- nothing yet --></status>
</cib>
<!-- the end -->
"##;

/// Lines that are gone, leaving the rest in its order; None when the order is another.
fn lost<'a>(before: &'a str, after: &str) -> Vec<&'a str> {
    let mut after = after.lines();
    let mut lost = Vec::new();
    for line in before.lines() {
        let rest = after.clone();
        if !after.any(|other| other == line) {
            lost.push(line);
            after = rest;
        }
    }
    lost
}

#[test]
fn what_a_command_does_not_touch_stays_as_it_was_written() {
    // The command, and the lines that it may rewrite.
    for (command, rewritten) in [
        ("property set maintenance-mode=true", &[][..]),
        ("property set no-quorum-policy=ignore", &["o2"]),
        ("property unset no-quorum-policy", &["o2"]),
        ("node attribute n1 rack=1", &["uname=\"n1\"", "uname=\"n2\""]),
        ("resource create c ocf:test:Service config=x", &[]),
        ("resource meta b priority=1", &[]),
        ("resource update b port=81", &["b-c"]),
        // The last constraint goes too, and nothing is left between the tags.
        ("resource delete a --force", &["\"a\"", "constraints>"]),
        ("constraint location a prefers n2", &[]),
        ("constraint delete l1", &["l1", "constraints>"]),
        ("tag create t a b", &[]),
        ("resource defaults update resource-stickiness=1", &[]),
        ("alert create path=/x id=x", &[]),
        ("acl role create r", &[]),
    ] {
        let mut runner = Runner::new(Cib::parse(ODD).unwrap());
        assert_eq!(runner.text(), ODD, "writing what was read changes it");
        runner.line(command).unwrap_or_else(|()| panic!("{command}"));
        let after = runner.text();
        assert_ne!(after, ODD, "{command}");
        let lost: Vec<&str> = lost(ODD, &after)
            .into_iter()
            .filter(|line| !line.starts_with("<cib ") && !rewritten.iter().any(|part| line.contains(part)))
            .collect();
        assert!(lost.is_empty(), "{command} loses {lost:#?}\n{after}");
        for kept in [
            "<!-- made by hand -->",
            "<!-- the end -->",
            "<?keep this?>",
            " keep &amp; this ",
            "x-note=\"ours\"",
            "text <inner/> tail",
        ] {
            assert!(after.contains(kept), "{command} loses {kept}");
        }
    }
}

#[test]
fn a_refused_command_leaves_every_byte() {
    for command in [
        "property unset nothing",
        "resource create a ocf:test:Service",
        "resource create c ocf:test:Nothing",
        "resource delete nothing",
        "constraint location nothing prefers n1",
        "constraint order a then nothing",
        "resource group add g a nothing",
        "tag create t nothing",
        "acl user create u nobody",
        "resource update b port=81 nothing=1",
    ] {
        let mut runner = Runner::new(Cib::parse(ODD).unwrap());
        assert!(runner.line(command).is_err(), "{command}");
        assert_eq!(runner.text(), ODD, "{command}");
    }
}
