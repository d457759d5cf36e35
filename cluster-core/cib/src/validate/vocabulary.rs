//! The words of a CIB: which elements there are, what is in them, which attributes they have.
//!
//! One table for all schemas from 1.0 to 4.0. `<status>` is not in it: what is in there is not
//! the user's.

use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// An element as it stands in the table.
struct Row {
    name: &'static str,
    /// `name`, `!` if it must be there, `:` and a type: `id`, `ref`, `bool`, `int`, `score` or
    /// `this|or|that`. Without a type any text.
    attrs: &'static str,
    /// `name`, then `?` for one at most, `+` for at least one, `*` for any number.
    children: &'static str,
}

const fn word(name: &'static str, attrs: &'static str, children: &'static str) -> Row {
    Row { name, attrs, children }
}

const NVSET: &str = "id:id id-ref:ref score:score";
const PAIRS: &str = "nvpair* rule?";
const CONTAINER: &str =
    "image! replicas:int replicas-per-host:int masters:int promoted-max:int run-command network options";
const EXTRA: &str = "meta_attributes* instance_attributes*";

const TABLE: &[Row] = &[
    word(
        "cib",
        "validate-with admin_epoch!:int epoch!:int num_updates!:int crm_feature_set remote-tls-port:int \
         remote-clear-port:int have-quorum:bool dc-uuid cib-last-written no-quorum-panic:bool update-origin \
         update-client update-user execution-date",
        "configuration status?",
    ),
    word(
        "configuration",
        "",
        "crm_config nodes resources constraints rsc_defaults? op_defaults? fencing-topology? acls? tags? alerts?",
    ),
    word("crm_config", "", "cluster_property_set*"),
    word("rsc_defaults", "", "meta_attributes*"),
    word("op_defaults", "", "meta_attributes*"),
    word("cluster_property_set", NVSET, PAIRS),
    word("meta_attributes", NVSET, PAIRS),
    word("instance_attributes", NVSET, PAIRS),
    word("utilization", NVSET, PAIRS),
    word("nvpair", "id:id id-ref:ref name value", ""),
    // nodes
    word("nodes", "", "node*"),
    word(
        "node",
        "id! uname! type:member|ping|remote|normal description score:score",
        "instance_attributes* utilization*",
    ),
    // resources
    word("resources", "", "primitive* template* group* clone* master* bundle*"),
    word(
        "primitive",
        "id!:id class type provider template:ref description",
        "meta_attributes* instance_attributes* operations? utilization*",
    ),
    word(
        "template",
        "id!:id class! type! provider description",
        "meta_attributes* instance_attributes* operations? utilization*",
    ),
    word("group", "id!:id description", "meta_attributes* instance_attributes* primitive+"),
    word("clone", "id!:id description", "meta_attributes* instance_attributes* primitive? group?"),
    word("master", "id!:id description", "meta_attributes* instance_attributes* primitive? group?"),
    word(
        "bundle",
        "id!:id description",
        "meta_attributes* instance_attributes* docker? rkt? podman? network? storage? primitive?",
    ),
    word("docker", CONTAINER, ""),
    word("rkt", CONTAINER, ""),
    word("podman", CONTAINER, ""),
    word(
        "network",
        "ip-range-start control-port:int host-interface host-netmask:int add-host:bool",
        "port-mapping*",
    ),
    word("port-mapping", "id!:id port:int internal-port:int range", ""),
    word("storage", "", "storage-mapping*"),
    word("storage-mapping", "id!:id source-dir source-dir-root target-dir! options", ""),
    word("operations", "id:id id-ref:ref", "op*"),
    word(
        "op",
        "id!:id name! interval! description start-delay interval-origin timeout enabled:bool record-pending:bool \
         role:Stopped|Started|Promoted|Unpromoted|Slave|Master \
         on-fail:ignore|block|demote|stop|restart|standby|fence|restart-container \
         requires:nothing|quorum|fencing|unfencing",
        EXTRA,
    ),
    // constraints
    word("constraints", "", "rsc_location* rsc_colocation* rsc_order* rsc_ticket*"),
    word(
        "rsc_location",
        "id!:id rsc:ref rsc-pattern role:Stopped|Started|Promoted|Unpromoted|Slave|Master node score:score \
         resource-discovery:always|never|exclusive",
        "resource_set* rule* lifetime?",
    ),
    word(
        "rsc_colocation",
        "id!:id score:score influence rsc:ref with-rsc:ref node-attribute \
         rsc-role:Stopped|Started|Promoted|Unpromoted|Slave|Master \
         with-rsc-role:Stopped|Started|Promoted|Unpromoted|Slave|Master score-attribute score-attribute-mangle \
         rsc-instance:int with-rsc-instance:int",
        "resource_set* lifetime?",
    ),
    word(
        "rsc_order",
        "id!:id symmetrical:bool require-all:bool score:score kind:Optional|Mandatory|Serialize first:ref then:ref \
         first-action:start|promote|demote|stop then-action:start|promote|demote|stop \
         first-instance:int then-instance:int",
        "resource_set* lifetime?",
    ),
    word(
        "rsc_ticket",
        "id!:id rsc:ref rsc-role:Stopped|Started|Promoted|Unpromoted|Slave|Master ticket! \
         loss-policy:stop|demote|fence|freeze",
        "resource_set* lifetime?",
    ),
    word(
        "resource_set",
        "id:id id-ref:ref sequential:bool require-all:bool ordering:group|listed \
         action:start|promote|demote|stop role:Stopped|Started|Promoted|Unpromoted|Slave|Master score:score \
         kind:Optional|Mandatory|Serialize",
        "resource_ref*",
    ),
    word("resource_ref", "id!:ref", ""),
    word("lifetime", "", "rule+"),
    // rules
    word(
        "rule",
        "id:id id-ref:ref boolean-op:or|and role score:score score-attribute",
        "expression* date_expression* rule* rsc_expression* op_expression*",
    ),
    word(
        "expression",
        "id!:id attribute! operation!:lt|gt|lte|gte|eq|ne|defined|not_defined value \
         type:string|integer|number|version value-source:literal|param|meta",
        "",
    ),
    word(
        "date_expression",
        "id!:id operation:in_range|gt|lt|date_spec|in-range|date-spec|eq|neq start end",
        "duration? date_spec?",
    ),
    word(
        "duration",
        "id!:id years months weeks days hours minutes seconds monthdays weekdays yearsdays yeardays weekyears moon",
        "",
    ),
    word(
        "date_spec",
        "id!:id years months monthdays hours minutes seconds yeardays weekyears weeks weekdays moon yearsdays",
        "",
    ),
    word("rsc_expression", "id!:id class provider type", ""),
    word("op_expression", "id!:id name! interval", ""),
    // the rest
    word("fencing-topology", "", "fencing-level*"),
    word(
        "fencing-level",
        "id!:id target target-pattern target-attribute target-value index!:int devices!",
        "",
    ),
    word("acls", "", "acl_target* acl_group* acl_role* acl_user*"),
    word("acl_target", "id! name", "role*"),
    word("acl_group", "id!:id name", "role*"),
    word("role", "id!:ref", ""),
    word("acl_role", "id!:id description", "acl_permission* read* write* deny*"),
    word(
        "acl_permission",
        "id!:id kind!:read|write|deny xpath reference:ref object-type attribute description",
        "",
    ),
    word("acl_user", "id!", "role_ref* read* write* deny*"),
    word("role_ref", "id!:ref", ""),
    word("read", "id!:id ref:ref tag attribute xpath", ""),
    word("write", "id!:id ref:ref tag attribute xpath", ""),
    word("deny", "id!:id ref:ref tag attribute xpath", ""),
    word("tags", "", "tag*"),
    word("tag", "id!:id", "obj_ref+"),
    word("obj_ref", "id!", ""),
    word("alerts", "", "alert*"),
    word("alert", "id!:id path! description", "meta_attributes* instance_attributes* select? recipient*"),
    word("recipient", "id!:id value! description", EXTRA),
    word("select", "", "select_attributes? select_fencing? select_nodes? select_resources?"),
    word("select_attributes", "", "attribute*"),
    word("select_fencing", "", ""),
    word("select_nodes", "", ""),
    word("select_resources", "", ""),
    word("attribute", "id!:id name!", ""),
];

/// An element: its attributes and what may be in it.
pub(super) struct Word {
    pub attrs: Vec<AttrRule>,
    pub children: Vec<ChildRule>,
}

/// The table is read once: a CIB asks thousands of times.
static WORDS: LazyLock<FxHashMap<&str, Word>> = LazyLock::new(|| {
    let read = |row: &Row| Word {
        attrs: row.attrs.split_whitespace().map(attr_rule).collect(),
        children: row.children.split_whitespace().map(child_rule).collect(),
    };
    TABLE.iter().map(|row| (row.name, read(row))).collect()
});

pub(super) fn find(name: &str) -> Option<&'static Word> {
    WORDS.get(name)
}

impl Word {
    pub fn attr(&self, name: &str) -> Option<&AttrRule> {
        self.attrs.iter().find(|rule| rule.name == name)
    }

    pub fn child(&self, name: &str) -> Option<&ChildRule> {
        self.children.iter().find(|rule| rule.name == name)
    }
}

pub(super) struct AttrRule {
    pub name: &'static str,
    pub required: bool,
    pub kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Text,
    Id,
    Ref,
    Bool,
    Int,
    Score,
    OneOf(&'static str),
}

fn attr_rule(token: &'static str) -> AttrRule {
    let (name, kind) = token.split_once(':').unwrap_or((token, ""));
    let kind = match kind {
        "" => Kind::Text,
        "id" => Kind::Id,
        "ref" => Kind::Ref,
        "bool" => Kind::Bool,
        "int" => Kind::Int,
        "score" => Kind::Score,
        words => Kind::OneOf(words),
    };
    let required = name.ends_with('!');
    AttrRule { name: name.trim_end_matches('!'), required, kind }
}

/// How many of them there may be.
pub(super) struct ChildRule {
    pub name: &'static str,
    pub least: usize,
    pub most: usize,
}

fn child_rule(token: &'static str) -> ChildRule {
    let name = token.trim_end_matches(['?', '*', '+']);
    let (least, most) = match &token[name.len()..] {
        "?" => (0, 1),
        "*" => (0, usize::MAX),
        "+" => (1, usize::MAX),
        _ => (1, 1),
    };
    ChildRule { name, least, most }
}
