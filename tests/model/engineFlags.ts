/** The options of `pulumi up` that leave out, replace, or skip some of the component's children. */
import { NOT_YET_KNOWN } from "../../components/arguments/knownArgs";
import type { Run } from "./run";
import type { ModelWorld } from "./world";

/** In the order of the program, where each child depends on all children before it. `policies` are the role's attachments. */
export const CHILDREN = ["role", "policies", "guard", "patch", "canary", "rollout", "detachment"] as const;
export type Child = (typeof CHILDREN)[number];

export interface Flags {
    readonly target?: readonly Child[];
    readonly exclude?: readonly Child[];
    readonly replace?: readonly Child[];
    readonly continueOnError?: boolean;
    /** Not an option: the program names an additional policy that does not exist, so that AWS refuses to attach it. */
    readonly policyMissing?: boolean;
    /** Not an option: the model plays the command although notPlayed.ts lists it. */
    readonly isKnownGap?: boolean;
}

export const positionOf = (child: Child) => CHILDREN.indexOf(child);

/** Whether the child, as the program registers it, is left out by `--target` or `--exclude`. */
export function isLeftOutOf({ target, exclude = [] }: Flags, child: Child): boolean {
    return target === undefined ? exclude.includes(child) : !target.includes(child);
}

/**
 * The steps of an update under its flags. Source: pulumi pkg/resource/deploy/step_generator.go and deployment_executor.go of v3.260.
 * The functions are named below. The scenarios `target-of-single-children`, `exclude-of-the-guard`, `replace-of-single-children` and
 * `continue-on-error-twice` of the continuity tests play them on the real engine.
 */
export class Steps {
    /** The children whose operation failed, in a run with `--continue-on-error`. */
    public readonly failed: Child[] = [];
    public error: unknown;
    private readonly tried = new Set<Child>();
    /** The first child that is neither in the state nor to be created: validateSteps, `skippedCreates`. */
    private notCreated: Child | undefined;

    public constructor(
        public readonly flags: Flags,
        /** Those in the state as the run begins. */
        private readonly present: ReadonlySet<Child>,
        private readonly world: ModelWorld,
        private readonly run: Run,
    ) {
        const missing = flags.replace?.find((child) => !present.has(child));
        if (missing !== undefined) {
            // checkTargets of `ReplaceTargets`, before the program runs.
            throw new Error(`${missing}, which is to be replaced, could not be found in the stack`);
        }
    }

    /** Operates on a child, unless the flags leave it out, or a child before it has failed. */
    public async operate(child: Child, act: (replaces: boolean) => Promise<void>): Promise<void> {
        const { flags, present } = this;
        if (this.failed.length > 0) {
            // handleSingleEvent, doesStepDependOn: the engine skips each resource that depends on a failed one.
            this.world.note(`-- ${child} is skipped`);
            return;
        }
        const isLeftOut = isLeftOutOf(flags, child);
        if (isLeftOut && !present.has(child)) {
            this.notCreated ??= child;
            return;
        }
        if (this.notCreated !== undefined) {
            throw new Error(`${child} depends on ${this.notCreated}, which was not specified in --target list`);
        }
        if (isLeftOut) {
            const flag = flags.target === undefined ? "--exclude" : "--target";
            this.world.note(`-- ${flag} leaves ${child} out`);
            return;
        }
        const replaces = flags.replace?.includes(child) ?? false;
        if (replaces) {
            this.world.note(`-- ${child} is replaced`);
        }
        this.tried.add(child);
        try {
            await act(replaces);
        } catch (error) {
            this.fail(child, error);
        }
    }

    /** The operation on a child has failed. Without `--continue-on-error`, the run ends. */
    public fail(child: Child, error: unknown): void {
        if (!this.flags.continueOnError || this.run.wasKilled) {
            throw error;
        }
        // stepExecutor.cancelDueToError.
        this.world.note(`-- ${child} has failed: ${error instanceof Error ? error.message : String(error)}`);
        this.error ??= error;
        this.failed.push(child);
    }

    /** Notes a child that the engine has operated on. */
    public noteCreated(child: Child, created: Set<Child>): void {
        if (this.tried.has(child) && !this.failed.includes(child)) {
            created.add(child);
        }
    }

    /** Whether a failed child was in the state as the run began. The attachment of a policy that does not exist was not. */
    public wasPresent(child: Child): boolean {
        return this.present.has(child) && !(child === "policies" && this.flags.policyMissing);
    }

    /**
     * An output of a child, as the program sees it. The SDK does not know those of a child that has failed, or that the engine has
     * skipped: @pulumi/pulumi runtime/rpc.ts, resolveProperties, `keepUnknowns`.
     */
    public output<T>(child: Child, value: T): T | typeof NOT_YET_KNOWN {
        const [first] = this.failed;
        return first !== undefined && positionOf(first) <= positionOf(child) ? NOT_YET_KNOWN : value;
    }
}
