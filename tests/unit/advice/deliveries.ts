/** The advice of a run whose role another writer, or the managed add-on, is to deliver. */
import { type AddOnBehaviour, ModelAddOn } from "../../model/managedAddOn";
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

/** The cluster has the managed add-on, and it gives the pods a role if one is given. */
function install({ world }: Play, roleArn: string | undefined, changes: Partial<AddOnBehaviour> = {}): void {
    world.managedAddOn = new ModelAddOn(world, { ...BEHAVIOUR, ...changes }, roleArn);
}

/** Another tool delivers the role once it is proved, and takes it back when the component goes. */
function deliverByTool({ world }: Play): void {
    world.writer = new ModelWriter(world, "apply", WRITER_MILLISECONDS);
}

export const DELIVERIES: AdviceScenario[] = [
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
            'If the role is to come from the managed add-on, set delivery: "eksAddon": the component then gives it the role.',
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
        advice: ["If it no longer exists: kubectl annotate serviceaccount aws-node -n kube-system"],
        follow: ({ world }) => world.patch("kubectl-annotate", { [ROLE_ARN]: null }),
    },
];
