/** The advice of a run whose role another writer, or the managed add-on, is to deliver. */
import { ADD_ON_MANAGER } from "../../../handover/model/fieldManagers";
import { arnOf } from "../../model/engine";
import { type AddOnBehaviour, ModelAddOn, WRITES } from "../../model/managedAddOn";
import { ROLE_ARN } from "../../model/world";
import { ModelWriter } from "../../model/writer";
import { AdviceScenario, HANDED_OVER, Play } from "./play";

const BEHAVIOUR: AddOnBehaviour = {
    writes: "apply",
    restarts: true,
    reverts: false,
    keepsConfiguration: true,
    showsAtOnce: false,
    showsLate: false,
    outcomes: [],
};
const FORMER = "former-of-the-add-on";
const WRITER_MILLISECONDS = 2000;
const OTHER = "of-another-writer";
const CNI = arnOf(HANDED_OVER.roleName);
const SOON = 10_000;
const TEN_MINUTES = 600_000;

/** The cluster has the managed add-on, and it gives the pods a role if one is given. */
function install({ world }: Play, roleArn: string | undefined, changes: Partial<AddOnBehaviour> = {}): void {
    world.managedAddOn = new ModelAddOn(world, { ...BEHAVIOUR, ...changes }, roleArn);
}

/** Another tool delivers the role once it is proved, and takes it back when the component goes. */
function deliverByTool({ world }: Play): void {
    world.writer = new ModelWriter(world, "apply", WRITER_MILLISECONDS);
}

function addOnOf({ world: { managedAddOn } }: Play): ModelAddOn {
    if (managedAddOn === undefined) {
        throw new Error("the cluster has no managed add-on");
    }
    return managedAddOn;
}

/** As `aws eks update-addon` by another writer, until EKS has carried it out. */
function updateAddOn(play: Play, roleArn: string | undefined): void {
    addOnOf(play).updateByAnother(roleArn);
    play.wait(SOON);
}

/** With `--resolve-conflicts OVERWRITE`, EKS takes the annotation from every other owner. */
function overwriteByAddOn(play: Play, roleArn: string): void {
    updateAddOn(play, roleArn);
    play.world.apply(ADD_ON_MANAGER, { [ROLE_ARN]: roleArn }, { force: true });
}

/** Acts once, as soon as this holds during the next command. */
function whenever({ world }: Play, holds: () => boolean, act: () => void): void {
    const look = () => {
        if (holds()) {
            act();
        } else {
            world.later(world.now + 250, look);
        }
    };
    look();
}

/** Acts when all pods have the role, and the next step is to verify them. */
const afterRollout = (play: Play, act: () => void) =>
    whenever(play, () => play.world.patched?.digest !== undefined, act);

/** The add-on has a role, and the service account has something else. */
const DIFFERS: AdviceScenario[] = [
    { what: "the annotation was removed", annotate: () => null },
    { what: "kubectl has set another role", annotate: (play: Play) => play.createRole(OTHER) },
].map(({ what, annotate }) => ({
    code: "role-not-delivered",
    title: `the add-on has a role, and ${what}`,
    handedOver: false,
    command: "up",
    trouble: (play) => {
        install(play, play.createRole(FORMER));
        play.restartPods();
        play.world.patch("kubectl-annotate", { [ROLE_ARN]: annotate(play) });
        // Without it, the owner kubectl is a second reason to refuse.
        play.set({ delivery: "eksAddon", overrideExistingServiceAccount: true });
    },
    advice: [
        "Then let EKS write the add-on's role again: aws eks update-addon",
        `--resolve-conflicts OVERWRITE --service-account-role-arn ${arnOf(FORMER)} `,
        "When the annotation has this role, run the same command again.",
    ],
    follow: (play) => overwriteByAddOn(play, arnOf(FORMER)),
}));

function deliverByAddOn({ world }: Play): void {
    world.writer = new ModelWriter(world, "addOn", WRITER_MILLISECONDS);
}

/** Another writer delivers the role, and then no longer does. */
const LOST_DELIVERIES = [
    {
        what: "a writer removes the annotation",
        begin: deliverByTool,
        lose: ({ world }: Play) => void world.apply(ModelWriter.MANAGER, {}),
        deliver: ({ world }: Play) => void world.apply(ModelWriter.MANAGER, { [ROLE_ARN]: CNI }),
    },
    {
        what: "a writer sets another role",
        begin: deliverByTool,
        lose: (play: Play) => void play.world.apply(ModelWriter.MANAGER, { [ROLE_ARN]: play.createRole(OTHER) }),
        deliver: ({ world }: Play) => void world.apply(ModelWriter.MANAGER, { [ROLE_ARN]: CNI }),
    },
    {
        // As an aws.eks.Addon does whose program states no role: sandbox/tests/contract/awsProvider/addOn.semantics.test.ts.
        what: "an update of the add-on leaves the role out",
        begin: (play: Play) => {
            if (play.world.managedAddOn === undefined) {
                // If EKS restarted the pods itself, they would not move in the run.
                install(play, undefined, { restarts: false });
            }
            deliverByAddOn(play);
        },
        lose: (play: Play) => addOnOf(play).updateByAnother(undefined, 0),
        deliver: (play: Play) => updateAddOn(play, CNI),
    },
];

/** When it happens, and what the message says then. */
const LOST_WHEN: readonly (Pick<AdviceScenario, "code" | "command" | "advice" | "again"> & {
    readonly when: string;
    readonly up: (play: Play, lose: () => void) => unknown;
})[] = [
    {
        when: "before the run verifies the pods",
        code: "role-not-delivered",
        command: "up",
        up: afterRollout,
        advice: [
            `Let the writer set ${ROLE_ARN}: ${CNI} again (the managed add-on: serviceAccountRoleArn), and run pulumi up --refresh.`,
        ],
        again: ["up --refresh"],
    },
    {
        when: "while the pods move",
        code: "role-not-delivered",
        command: "up",
        up: ({ world }, lose) => void (world.onNextPod = lose),
        advice: [
            `Let the writer set ${ROLE_ARN}: ${CNI} again (the managed add-on: serviceAccountRoleArn), and run pulumi up --refresh.`,
        ],
        again: ["up --refresh"],
    },
    {
        when: "after the hand-over",
        code: "role-not-delivered",
        command: "up --refresh",
        up: async (play, lose) => {
            await play.run("up");
            lose();
            play.wait(SOON);
        },
        advice: [
            `Let the writer set ${ROLE_ARN}: ${CNI} (the managed add-on: serviceAccountRoleArn), and run the same command again.`,
        ],
    },
];

/** With and without the injection guard, which refuses pods without the role. */
const DETACHMENTS = [
    { detachFromNodeRoles: HANDED_OVER.detachFromNodeRoles, ofNodeRoles: "" },
    { detachFromNodeRoles: undefined, ofNodeRoles: ", and the node roles keep their policies" },
];

const LOST: AdviceScenario[] = LOST_DELIVERIES.flatMap(({ what, begin, lose, deliver }) =>
    LOST_WHEN.flatMap(({ when, up, ...message }) =>
        DETACHMENTS.map(({ detachFromNodeRoles, ofNodeRoles }) => ({
            ...message,
            title: `${what} ${when}${ofNodeRoles}`,
            handedOver: false,
            trouble: (play: Play) => {
                begin(play);
                play.set({ delivery: "external", detachFromNodeRoles });
                return up(play, () => {
                    // From now on, the tool does nothing by itself.
                    play.world.writer?.callOff();
                    play.world.writer = undefined;
                    lose(play);
                });
            },
            follow: (play: Play) => {
                deliver(play);
                begin(play);
            },
        })),
    ),
);

/** EKS takes longer for an update of the add-on than a run waits. */
const BUSY: AdviceScenario[] = [
    {
        code: "add-on-update-failed",
        title: "the add-on is UPDATING for longer than an update waits",
        handedOver: false,
        command: "up",
        trouble: (play) => {
            install(play, undefined);
            addOnOf(play).updateByAnother(undefined, TEN_MINUTES);
            play.set({ delivery: "eksAddon" });
        },
        advice: ["Wait until it is ACTIVE (aws eks describe-addon", "and run the same command again."],
        follow: (play) => play.wait(TEN_MINUTES),
    },
    {
        code: "add-on-update-failed",
        title: "the add-on is UPDATING for longer than a destroy waits",
        handedOver: false,
        command: "destroy",
        trouble: async (play) => {
            install(play, undefined);
            play.set({ delivery: "eksAddon" });
            await play.run("up");
            addOnOf(play).updateByAnother(CNI, TEN_MINUTES);
        },
        advice: ["Wait until it is ACTIVE (aws eks describe-addon", "and run the same command again."],
        follow: (play) => play.wait(TEN_MINUTES),
    },
];

/** When another writer gives the add-on a role that the component does not know, and what the message says then. */
type AnotherRoleWhen = Pick<AdviceScenario, "code" | "command" | "advice" | "again"> & {
    readonly when: string;
    readonly restarts: boolean;
    readonly up: (play: Play, give: () => void) => unknown;
};

const SEEN_BY_A_REFRESH: Omit<AnotherRoleWhen, "when" | "restarts"> = {
    code: "add-on-owns-the-role",
    command: "up --refresh",
    up: async (play, give) => {
        await play.run("up");
        give();
        play.wait(SOON);
    },
    advice: [`Let that writer give the add-on ${CNI}, and run pulumi up --refresh.`],
    again: ["up --refresh"],
};

const ANOTHER_ROLE_WHEN: readonly AnotherRoleWhen[] = [
    {
        when: "before the add-on gets the role",
        restarts: true,
        code: "add-on-owns-the-role",
        command: "up",
        up: afterRollout,
        advice: [
            `Let that writer give the add-on ${CNI}, and run pulumi up --refresh.`,
            `--resolve-conflicts PRESERVE --service-account-role-arn ${CNI}.`,
        ],
        again: ["up --refresh"],
    },
    {
        when: "after the hand-over",
        restarts: false,
        ...SEEN_BY_A_REFRESH,
    },
    {
        when: "after the hand-over, and EKS restarts a pod",
        restarts: true,
        // The injection guard refuses the pod, so that the rollout cannot be taken back either.
        ...SEEN_BY_A_REFRESH,
    },
];

const ANOTHER_ROLE: AdviceScenario[] = WRITES.flatMap((writes) =>
    ANOTHER_ROLE_WHEN.map(({ when, restarts, up, ...message }) => ({
        ...message,
        title: `another writer gives the add-on another role ${when} (${writes})`,
        handedOver: false,
        trouble: (play: Play) => {
            install(play, undefined, { writes, restarts });
            play.set({ delivery: "eksAddon" });
            return up(play, () => addOnOf(play).updateByAnother(play.createRole(OTHER), 0));
        },
        follow: (play: Play) => updateAddOn(play, CNI),
    })),
);

/** The live checks end while the add-on carries the component's role. */
const KEEPS_ROLE: AdviceScenario[] = WRITES.map((writes) => ({
    code: "add-on-owns-the-role",
    title: `the live checks are turned off while the add-on carries the role (${writes})`,
    handedOver: false,
    command: "up",
    trouble: async (play) => {
        install(play, undefined, { writes });
        const kept = { ...HANDED_OVER, detachFromNodeRoles: undefined };
        play.program = { ...kept, delivery: "eksAddon" };
        await play.run("up");
        play.program = kept;
        play.liveChecks = false;
    },
    advice: [
        'Use two updates: first remove delivery: "eksAddon" and leave the live checks on',
        "Then set liveChecks: false.",
    ],
    follow: async (play) => {
        play.liveChecks = true;
        await play.run("up");
        play.liveChecks = false;
    },
}));

export const DELIVERIES: AdviceScenario[] = [
    ...DIFFERS,
    ...LOST,
    ...BUSY,
    ...ANOTHER_ROLE,
    ...KEEPS_ROLE,
    {
        code: "add-on-owns-the-role",
        handedOver: false,
        command: "up",
        trouble: (play) => {
            install(play, play.createRole(FORMER));
            play.restartPods();
        },
        advice: ['Set delivery: "eksAddon": the component then moves the pods, and gives the add-on the role.'],
        follow: (play) => play.set({ delivery: "eksAddon" }),
    },
    {
        code: "add-on-missing",
        handedOver: false,
        command: "up",
        trouble: (play) => play.set({ delivery: "eksAddon" }),
        advice: ["Create the add-on (aws eks create-addon --cluster-name prod --addon-name vpc-cni"],
        follow: (play) => install(play, undefined),
    },
    {
        code: "add-on-missing",
        title: "the plugin is self-managed",
        handedOver: false,
        command: "up",
        trouble: (play) => play.set({ delivery: "eksAddon" }),
        advice: ["Or remove delivery: the component then annotates the service account itself"],
        follow: (play) => (play.program = HANDED_OVER),
    },
    {
        code: "add-on-update-failed",
        handedOver: false,
        command: "up",
        trouble: (play) => {
            install(play, undefined, { outcomes: ["Failed"] });
            play.set({ delivery: "eksAddon" });
        },
        advice: ["Fix the cause, and run the same command again."],
        follow: () => undefined,
    },
    {
        code: "role-not-delivered",
        handedOver: false,
        command: "up",
        trouble: (play) => play.set({ delivery: "external" }),
        advice: ["Let the writer set eks.amazonaws.com/role-arn:", "and run the same command again"],
        follow: deliverByTool,
    },
    {
        code: "role-not-delivered",
        title: "the managed add-on takes it from the component",
        handedOver: false,
        command: "up",
        trouble: (play) => {
            install(play, undefined);
            play.set({ delivery: "external" });
        },
        advice: [
            'If the managed add-on is to deliver the role, set delivery: "eksAddon": the component then gives the add-on the role.',
        ],
        follow: (play) => play.set({ delivery: "eksAddon" }),
    },
    {
        code: "role-still-delivered",
        handedOver: false,
        command: "destroy",
        trouble: async (play) => {
            deliverByTool(play);
            play.set({ delivery: "external" });
            await play.run("up");
            play.world.writer = undefined;
        },
        advice: ["Let that writer remove the annotation, and run the same command again."],
        follow: ({ world }) => void world.apply(ModelWriter.MANAGER, {}),
    },
    {
        code: "role-still-delivered",
        title: "the writer no longer exists",
        handedOver: false,
        command: "destroy",
        trouble: async (play) => {
            deliverByTool(play);
            play.set({ delivery: "external" });
            await play.run("up");
            play.world.writer = undefined;
        },
        advice: [
            "If that writer no longer exists, remove it yourself: kubectl annotate serviceaccount aws-node -n kube-system",
        ],
        follow: ({ world }) => world.patch("kubectl-annotate", { [ROLE_ARN]: null }),
    },
];
