import { backOff } from "./containerLife";
import type { Crash, ImageFailure, PodFailure } from "./podFailures";
import { crashed, crashLoop, imageMissing } from "./podTemplates";
import { notDeleted, notStarted, ofAwsNode, type Stage } from "./stage";

/** The kubelet's pause before it looks at an image again, which doubles up to five minutes there, and stays the same here. */
const pullSeconds = 10;
/** How long a container runs that ends at once. */
const lifeSeconds = 1;

/** How a container stands: the reason why it waits, or "running" or "terminated". */
const standing = (list: string, name: string) =>
    `.status.${list}.[]? | select( .name == "${name}" ) | .state | .waiting.reason // ( keys | .[0] )`;

const awsNode = standing("containerStatuses", "aws-node");
const init = standing("initContainerStatuses", "aws-vpc-cni-init");
const restarts = '.status.containerStatuses.[]? | select( .name == "aws-node" ) | .restartCount';

/** The stages of the pods of aws-node that do not start, in place of the one that starts them. */
export function failingStages(
    failures: ReadonlyMap<string, PodFailure>,
    onRunningNode: Stage["when"],
    readyDelay: number,
    factor: number,
): Stage[] {
    const kinds = [...new Set(failures.values())].filter((kind) => kind !== "unschedulable");
    return kinds.flatMap((kind) => {
        const values = [...failures].flatMap(([node, failure]) => (failure === kind ? [node] : []));
        const on = { key: ".spec.nodeName", operator: "In", values } as const;
        const stage = (name: string, when: Stage["when"], delay: Stage["delay"], statusTemplate: string): Stage => ({
            name: `${kind.toLowerCase()}-${name}`,
            kind: "Pod",
            when: [notDeleted, notStarted, ofAwsNode("In"), on, ...onRunningNode, ...when],
            delay,
            next: { statusTemplate },
        });
        return kind === "imagePull" || kind === "initImagePull"
            ? imageStages(kind, stage, readyDelay, factor)
            : crashStages(kind, stage, readyDelay, factor);
    });
}

type MakeStage = (name: string, when: Stage["when"], delay: Stage["delay"], statusTemplate: string) => Stage;

function imageStages(kind: ImageFailure, stage: MakeStage, readyDelay: number, factor: number): Stage[] {
    const key = kind === "imagePull" ? awsNode : init;
    const pause = Math.round(pullSeconds * 1000 * factor);
    const error = imageMissing(kind, "ErrImagePull");
    return [
        stage("first", [{ key, operator: "NotIn", values: ["ErrImagePull", "ImagePullBackOff"] }], readyDelay, error),
        stage("again", [{ key, operator: "In", values: ["ImagePullBackOff"] }], pause, error),
        stage(
            "back-off",
            [{ key, operator: "In", values: ["ErrImagePull"] }],
            pause,
            imageMissing(kind, "ImagePullBackOff"),
        ),
    ];
}

/** As for any container that ends: the first restart is immediate, and the later ones come with back-off (containerLife.ts). */
function crashStages(kind: Crash, stage: MakeStage, readyDelay: number, factor: number): Stage[] {
    const end = crashed(kind);
    const life = Math.round(lifeSeconds * 1000 * factor);
    const { firstSeconds, mostSeconds } = backOff;
    const seconds = `[ ${firstSeconds} * pow( 2; . - 1 ), ${mostSeconds} ] | min * ${factor}`;
    const is = (...values: string[]) => ({ key: awsNode, operator: "In", values }) as const;
    const first = { key: `${restarts} | tostring`, values: ["0"] };
    return [
        stage("first", [{ ...is("terminated", "CrashLoopBackOff"), operator: "NotIn" }], readyDelay, end),
        stage("restarted", [is("terminated"), { ...first, operator: "In" }], life, end),
        stage("back-off", [is("terminated"), { ...first, operator: "NotIn" }], life, crashLoop),
        stage("again", [is("CrashLoopBackOff")], `${restarts} | ${seconds} | tostring + "s"`, end),
    ];
}
