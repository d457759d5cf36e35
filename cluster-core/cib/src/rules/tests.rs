use super::*;
use crate::time;

fn check(rule: &str, ctx: &RuleContext) -> (bool, Option<i64>) {
    let doc = Document::parse(rule).unwrap();
    evaluate(&doc, doc.root(), ctx)
}

fn passes(rule: &str, ctx: &RuleContext) -> bool {
    check(rule, ctx).0
}

fn at(text: &str) -> i64 {
    time::parse(text, 0).unwrap()
}

#[test]
fn operators_combine() {
    let ctx = RuleContext::at(0);
    let (yes, no) = (
        "<expression attribute='a' operation='not_defined'/>",
        "<expression attribute='a' operation='defined'/>",
    );
    for (op, conditions, expected) in [
        ("and", vec![], true),
        ("or", vec![], true),
        ("and", vec![yes, no], false),
        ("or", vec![no, yes], true),
        ("or", vec![no, no], false),
        ("and", vec![yes, yes], true),
    ] {
        let rule = format!("<rule boolean-op='{op}'>{}</rule>", conditions.concat());
        assert_eq!(passes(&rule, &ctx), expected, "{rule}");
        let nested = format!("<rule><rule boolean-op='{op}'>{}</rule></rule>", conditions.concat());
        assert_eq!(passes(&nested, &ctx), expected, "{nested}");
    }
    assert!(!passes("<rule><unknown/></rule>", &ctx));
    assert!(!passes("<rule><rule id-ref='nowhere'/></rule>", &ctx));
}

#[test]
fn attributes_are_compared() {
    let attr = |name: &str| match name {
        "n" => Some("10"),
        "f" => Some("9.5"),
        "s" => Some("Abc"),
        "v" => Some("1.10.2"),
        "rsc-x" => Some("1"),
        _ => None,
    };
    let param = |name: &str| (name == "p").then_some("10");
    let ctx = RuleContext {
        node_attr: Some(&attr),
        rsc_param: Some(&param),
        matches: &["rsc-x", "x"],
        ..RuleContext::default()
    };
    for (expression, expected) in [
        ("attribute='n' operation='gt' value='9'", true),
        ("attribute='n' operation='gt' value='9' type='string'", false),
        ("attribute='n' operation='eq' value='10.0'", false),
        ("attribute='n' operation='eq' value='10.0' type='number'", true),
        ("attribute='f' operation='lt' value='10'", true),
        ("attribute='s' operation='eq' value='aBC'", true),
        ("attribute='v' operation='gte' value='1.9' type='version'", true),
        ("attribute='x' operation='ne' value='1'", true),
        ("attribute='x' operation='eq' value='1'", false),
        ("attribute='x' operation='lt' value='1'", false),
        ("attribute='x' operation='not_defined'", true),
        ("attribute='n' operation='eq' value='p' value-source='param'", true),
        ("attribute='n' operation='eq' value='p' value-source='meta'", false),
        ("attribute='rsc-%1' operation='defined'", true),
        ("attribute='%0' operation='defined'", true),
        ("attribute='n' operation='like' value='10'", false),
    ] {
        let rule = format!("<rule><expression {expression}/></rule>");
        assert_eq!(passes(&rule, &ctx), expected, "{expression}");
    }
}

#[test]
fn ranges_say_when_they_change() {
    let range = "<rule><date_expression start='2020-01-01' end='2020-01-31 12:00:00'/></rule>";
    let end = at("2020-01-31 12:00:00");
    let check = |rule: &str, now| check(rule, &RuleContext::at(now));
    assert_eq!(check(range, at("2019-12-31")), (false, Some(at("2020-01-01"))));
    assert_eq!(check(range, end), (true, Some(end + 1)));
    assert_eq!(check(range, end + 1), (false, None));
    let later = "<rule><date_expression operation='gt' start='2020-01-01'/></rule>";
    assert_eq!(check(later, at("2020-01-01")), (false, Some(at("2020-01-01") + 1)));
    let before = "<rule><date_expression operation='lt' end='2020-01-01'/></rule>";
    assert_eq!(check(before, at("2019-01-01")), (true, Some(at("2020-01-01"))));
    let lasting =
        "<rule><date_expression start='2020-01-31'><duration months='1' hours='1'/></date_expression></rule>";
    assert!(check(lasting, at("2020-02-29 01:00:00")).0);
    assert!(!check(lasting, at("2020-02-29 01:00:01")).0);
    assert!(!check("<rule><date_expression/></rule>", 0).0);
}

#[test]
fn specs_match_the_calendar() {
    // A Friday, the 325th day, in week 47.
    let ctx = RuleContext::at(at("2026-11-20 21:05:30"));
    for (spec, expected) in [
        ("hours='9-16'", false),
        ("hours='21' weekdays='1-5'", true),
        ("weekdays='6-'", false),
        ("weekdays='5-' monthdays='-20'", true),
        ("yeardays='324' weeks='47' weekyears='2026'", true),
        ("months='11' minutes='5' seconds='30' years='2020-'", true),
        ("hours='x'", false),
        ("", true),
    ] {
        let rule = format!(
            "<rule><date_expression operation='date_spec'><date_spec {spec}/></date_expression></rule>"
        );
        assert_eq!(passes(&rule, &ctx), expected, "{spec}");
    }
    let abroad = RuleContext { utc_offset_s: 4 * 3600, ..ctx };
    let saturday =
        "<rule><date_expression operation='date_spec'><date_spec weekdays='6'/></date_expression></rule>";
    assert!(passes(saturday, &abroad));
}

#[test]
fn resources_and_operations_match() {
    let ctx = RuleContext {
        rsc_class: Some("ocf"),
        rsc_provider: Some("heartbeat"),
        rsc_type: Some("IPaddr2"),
        op_name: Some("monitor"),
        op_interval_ms: Some(10_000),
        ..RuleContext::default()
    };
    assert!(passes("<rule><rsc_expression class='ocf' type='IPaddr2'/></rule>", &ctx));
    assert!(!passes("<rule><rsc_expression provider='pacemaker'/></rule>", &ctx));
    assert!(passes("<rule><op_expression name='monitor' interval='10s'/></rule>", &ctx));
    assert!(!passes("<rule><op_expression name='monitor' interval='11s'/></rule>", &ctx));
    assert!(!passes("<rule><op_expression name='start'/></rule>", &ctx));
    assert!(!passes("<rule><rsc_expression/></rule>", &RuleContext::at(0)));
}

#[test]
fn past_rules_are_expired() {
    let past = |rule: &str| {
        let doc = Document::parse(rule).unwrap();
        expired(&doc, doc.root(), at("2026-01-01"), 0)
    };
    let old = "<date_expression operation='in_range' start='2000-01-01' end='2001-01-01'/>";
    let attr = "<expression attribute='a' operation='defined'/>";
    assert!(past(&format!("<rule>{old}{attr}</rule>")));
    assert!(!past(&format!("<rule boolean-op='or'>{old}{attr}</rule>")));
    assert!(!past("<rule boolean-op='or'/>"));
    assert!(past("<rule><date_expression operation='lt' end='2026-01-01'/></rule>"));
}
