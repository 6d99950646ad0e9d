import { ADD_ON_MANAGER } from "../../handover/model/fieldManagers";
import { type ModelWorld, ROLE_ARN } from "./world";

/** How another tool delivers the role: Helm and GitOps apply the annotation, kubectl updates it, an aws.eks.Addon gives the role to the managed add-on. */
export type WriterKind = "apply" | "update" | "addOn";

const TRY_AGAIN_MILLISECONDS = 10_000;

/** Another tool that delivers the component's role. It acts some time after it can, as a person or a pipeline does. */
export class ModelWriter {
    /** The role that it is to deliver. */
    public wanted: string | undefined;
    /** Whether the operator destroys the component: no delivery begins then, not even another try. */
    private isCalledOff = false;

    public constructor(
        private readonly world: ModelWorld,
        private readonly kind: WriterKind,
        private readonly delayMilliseconds: number,
    ) {}

    public static readonly MANAGER = "helm";

    private get manager(): string {
        return this.kind === "addOn" ? ADD_ON_MANAGER : ModelWriter.MANAGER;
    }

    /** The component has proved a role. */
    public learn(roleArn: string): void {
        this.wanted = roleArn;
        this.isCalledOff = false;
        if (
            this.world.annotations[ROLE_ARN] !== roleArn ||
            !this.world.accountOf(this.world.serviceAccountName).owns(this.manager)
        ) {
            this.later(() => this.deliver(roleArn));
        }
    }

    /** The component is destroyed. No run can see a delivery that its owner has yet to begin, so the owner calls it off before. */
    public callOff(): void {
        this.isCalledOff = true;
    }

    /** The hand-back waits for it. */
    public withdraw(): void {
        if (this.wanted !== undefined) {
            this.wanted = undefined;
            this.later(() => this.remove());
        }
    }

    /** It no longer has to do with the component: its owner takes its annotation out of the manifest, while the component owns it, too. */
    public letGo(): void {
        this.wanted = undefined;
        this.world.note("** the other writer lets go");
        this.remove();
    }

    /** The component tells the add-on from now on. The role stays as it is. */
    public leaveToComponent(): void {
        this.wanted = undefined;
    }

    private deliver(roleArn: string): void {
        const { world } = this;
        if (this.wanted !== roleArn || this.isCalledOff) {
            return;
        }
        world.note(`** the other writer delivers ${roleArn}`);
        if (this.kind === "addOn") {
            this.tellAddOn(roleArn);
        } else if (this.kind === "apply") {
            world.apply(ModelWriter.MANAGER, { [ROLE_ARN]: roleArn }, { force: true });
        } else {
            world.patch(ModelWriter.MANAGER, { [ROLE_ARN]: roleArn });
        }
    }

    private remove(): void {
        const { world } = this;
        if (this.wanted !== undefined) {
            return;
        }
        world.note("** the other writer takes the role back");
        if (this.kind === "addOn") {
            this.tellAddOn(undefined);
        } else if (this.kind === "apply") {
            world.apply(ModelWriter.MANAGER, {});
        } else if (world.accountOf(world.serviceAccountName).owns(ModelWriter.MANAGER)) {
            world.patch(ModelWriter.MANAGER, { [ROLE_ARN]: null });
        }
    }

    /** It tries again while EKS is busy, and after an update that has failed. */
    private tellAddOn(roleArn: string | undefined): void {
        const { world } = this;
        const { managedAddOn } = world;
        if (this.wanted !== roleArn || managedAddOn === undefined || managedAddOn.roleArn === roleArn) {
            return;
        }
        const configurationValues = managedAddOn.configuration;
        const clientRequestToken = `the other writer at ${String(world.now)}`;
        managedAddOn.update({ clusterName: "prod", roleArn, configurationValues, clientRequestToken });
        world.later(world.now + TRY_AGAIN_MILLISECONDS, () => {
            if (roleArn === undefined || !this.isCalledOff) {
                this.tellAddOn(roleArn);
            }
        });
    }

    private later(act: () => void): void {
        this.world.later(this.world.now + this.delayMilliseconds, act);
    }
}
