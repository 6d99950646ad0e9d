import { WAKE_MARK_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { attachCommand } from "./attachCommand";
import type { HandOverRecord } from "./record";
import { managedPolicyOf, type Subject } from "./subject";

/** How long IAM may take to enforce the attachment: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html */
const PROPAGATION_SECONDS = 120;

/**
 * One line for a shell that lets pods without the CNI role run, for example while the pod identity webhook is down. The node roles get their policies first:
 * from then on such pods have permissions. Then the guard's binding goes, and a write to the DaemonSet makes its controller retry at once.
 *
 * Empty if no node role is named, or if its policies are unknown.
 */
export function emergencyCommand(
    subject: Subject,
    { namedNodeRoles, nodeRolePolicies }: Pick<HandOverRecord, "namedNodeRoles" | "nodeRolePolicies">,
): string {
    const { injectionGuardName, serviceAccount, daemonSetName, ipFamily } = subject;
    // AWS's own suffices on IPv4. For IPv6 there is none.
    const policiesOf = (role: string) =>
        (ipFamily === "ipv4" ? [managedPolicyOf(subject)] : nodeRolePolicies[role]) ?? [];
    const attachments = namedNodeRoles.flatMap((role) => policiesOf(role).map((arn) => attachCommand(role, arn)));
    return attachments.length === 0
        ? ""
        : [
              ...attachments,
              `sleep ${String(PROPAGATION_SECONDS)}`,
              `kubectl delete validatingadmissionpolicybinding ${injectionGuardName}`,
              `kubectl annotate daemonset ${daemonSetName} -n ${serviceAccount.namespace} --overwrite ${WAKE_MARK_ANNOTATION}="$(date -u +%FT%TZ)"`,
          ].join(" && ");
}

/** For a message. Empty without a command. */
export function inAnEmergency(command: string): string {
    return command === "" ? "" : ` In an emergency, this line lets pods run without the role: ${command}`;
}
