//! What the action `metadata` prints.

pub const TEXT: &str = r#"<?xml version="1.0" ?>
<resource-agent name="fence_rhapsody_lab" shortdesc="Fence agent for nodes of a rhapsody lab">
<longdesc>Powers the nodes of a lab (rhapsody lab up) off and on. It asks the lab's supervisor over a socket that every node of the lab has; off means that all processes of the node are dead and its link is cut, and is reported only when confirmed.</longdesc>
<vendor-url></vendor-url>
<parameters>
	<parameter name="action" unique="0" required="1">
		<getopt mixed="-o, --action=[action]" />
		<content type="string" default="reboot" />
		<shortdesc lang="en">Fencing action</shortdesc>
	</parameter>
	<parameter name="plug" unique="0" required="1" obsoletes="port">
		<getopt mixed="-n, --plug=[node]" />
		<content type="string" />
		<shortdesc lang="en">Name of the lab's node to act on</shortdesc>
	</parameter>
	<parameter name="port" unique="0" required="1" deprecated="1">
		<getopt mixed="-n, --plug=[node]" />
		<content type="string" />
		<shortdesc lang="en">Name of the lab's node to act on</shortdesc>
	</parameter>
	<parameter name="socket" unique="0" required="0">
		<getopt mixed="--socket=[path]" />
		<content type="string" default="/run/rhapsody-lab/supervisor.sock" />
		<shortdesc lang="en">Socket of the lab's supervisor</shortdesc>
	</parameter>
	<parameter name="delay" unique="0" required="0">
		<getopt mixed="--delay=[seconds]" />
		<content type="second" default="0" />
		<shortdesc lang="en">Seconds to wait before the action</shortdesc>
	</parameter>
</parameters>
<actions>
	<action name="on" automatic="0" />
	<action name="off" />
	<action name="reboot" />
	<action name="status" />
	<action name="list" />
	<action name="list-status" />
	<action name="monitor" />
	<action name="metadata" />
	<action name="validate-all" />
</actions>
</resource-agent>
"#;
