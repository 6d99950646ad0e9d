import { type EventsV1Event, V1MicroTime, type V1Pod } from "@kubernetes/client-node";
import { randomBytes } from "node:crypto";

/**
 * The event that the CNI emits on its own pod when EC2 answers UnauthorizedOperation: amazon-vpc-cni-k8s
 * pkg/awsutils/awsutils.go (checkAPIErrorAndBroadcastEvent) and pkg/utils/eventrecorder/eventrecorder.go. It is written
 * through events.k8s.io/v1, so that as an event of v1 it has an `eventTime` and no `lastTimestamp`.
 */
export function missingPermissionsEvent({ metadata }: V1Pod, call: string): EventsV1Event {
    const { name = "", namespace = "", uid = "" } = metadata ?? {};
    return {
        metadata: { name: `${name}.${randomBytes(8).toString("hex")}`, namespace },
        eventTime: new V1MicroTime(),
        reportingController: "aws-node",
        reportingInstance: `aws-node-${name}`,
        action: call,
        type: "Warning",
        reason: "MissingIAMPermissions",
        regarding: { apiVersion: "v1", kind: "Pod", name, namespace, uid },
        note:
            `Unauthorized operation: failed to call ${call} due to missing permissions. Please refer ` +
            "https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/iam-policy.md to attach relevant policy to IAM role",
    };
}
