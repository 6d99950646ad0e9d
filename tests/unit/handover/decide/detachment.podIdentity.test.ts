import type { CredentialSource } from "../../../../handover/model/world";
import { DETACH, detached, DONE, refuse, restart, right, table, verified } from "../support/detachments";
import { attach, FORMER_ROLE, onNodeRole, pod, pods, starting, terminating } from "../support/worlds";

const ofPodIdentity: CredentialSource = { kind: "containerCredentials", what: "A of container aws-node" };
const associated = { podIdentityRoleArns: [FORMER_ROLE] };
const none = { podIdentityRoleArns: [] };
const onePod = { pods: pods(right, pod("n2", ofPodIdentity)) };
const AFTER =
    "New pods get its credentials instead of the CNI role, and the injection guard admits them without a check of their role.";
const stands = (pod = "") =>
    refuse(
        "pod-identity-association",
        `The service account has a Pod Identity association with ${FORMER_ROLE}. ${pod}${AFTER}`,
    );

table("A Pod Identity association that was made after the hand-over", [
    ["is named, before any pod has its credentials", verified({}, { ...detached, ...associated }), stands()],
    ["keeps the policies on the node roles", verified({}, associated), stands()],
    [
        "keeps the pods with its credentials from a restart, and the policies off the node roles",
        verified(onePod, { ...detached, ...associated }),
        stands("These pods have its credentials: pod-n2. "),
    ],
    [
        "does so for a pod that is on its way out, or starts",
        verified(
            {
                pods: [
                    ...pods(right, pod("n3", ofPodIdentity, starting)),
                    pod("n2", ofPodIdentity, { ...terminating, name: "leaving" }),
                ],
            },
            { ...detached, ...associated },
        ),
        stands("These pods have its credentials: pod-n3, leaving. "),
    ],
    [
        "does not keep a pod on the node role from its policy",
        verified(
            { pods: pods(right, pod("n1", onNodeRole), pod("n2", ofPodIdentity)) },
            { ...detached, ...associated },
        ),
        {
            do: "attach",
            policies: attach("nodes"),
            why: "pod-n1 carries no role of its own: attaching the policies to the node roles again",
        },
    ],
    [
        "leaves the pods alone as well if it could not be read",
        verified(onePod, detached),
        refuse(
            "pod-identity-association",
            `The run could not read whether the service account has a Pod Identity association. These pods have its credentials: pod-n2. ${AFTER}`,
        ),
    ],
    [
        "lets the pods restart once it is deleted",
        verified(onePod, { ...detached, ...none }),
        restart("pod-n2", "pod-n2 carries A of container aws-node"),
    ],
    ["is no matter where there is none", verified({}, { ...detached, ...none }), DONE],
    ["does not keep the policies where there is none", verified({}, none), DETACH],
]);

table("Pods that carry the role", [["need no association to be read", verified({ pods: pods(right) }), DETACH]]);
