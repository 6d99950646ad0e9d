/** The Pod Identity association of the component, as EKS and its parts see it. */
import type { AssociationSeen } from "../../handover/model/association";
import { type History, valueAt } from "./history";

/** How late the webhook and EKS Auth see a change, at most: within the margin that the component waits (5 to 10 s were seen, eks-pod-identity-agent#52). */
export const ASSOCIATION_LAG_MILLISECONDS = 20_000;

type Own = Pick<AssociationSeen, "id" | "roleArn" | "modifiedAt">;

/**
 * One service account has at most one association. The parts of EKS see a change late, all at the same time. The model is stricter than EKS: no session
 * outlives the association, unless a rollout that failed has deleted it.
 */
export class ModelAssociation {
    private readonly changes: History<Own | undefined> = [{ at: 0, value: undefined }];
    private made = 0;
    /** How late the parts of EKS see a change. */
    public lagMilliseconds = 8000;
    /** The pods that lost it as a rollout that failed was taken back: they work with their sessions until they restart. */
    public wasTakenBack = false;

    /** As the API shows it. */
    public get current(): Own | undefined {
        return this.changes.at(-1)?.value;
    }

    /** https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html */
    public create(at: number, roleArn: string): string {
        if (this.current !== undefined) {
            throw new Error("ResourceInUseException: Association already exists");
        }
        this.made += 1;
        const id = `a-${String(this.made)}`;
        this.set(at, { id, roleArn, modifiedAt: at });
        return id;
    }

    public update(at: number, id: string, roleArn: string): void {
        if (this.current?.id !== id) {
            throw new Error("UpdatePodIdentityAssociation, ResourceNotFoundException: the association does not exist");
        }
        this.set(at, { id, roleArn, modifiedAt: at });
    }

    public delete(at: number, id: string, takesBack: boolean): void {
        if (this.current?.id === id) {
            this.set(at, undefined);
            this.wasTakenBack = takesBack;
        }
    }

    private set(at: number, value: Own | undefined): void {
        this.changes.push({ at, value });
        this.wasTakenBack = false;
    }

    /** The role that the webhook, EKS Auth and the agents give to a pod that starts at this time. Undefined: no credentials. */
    public roleForNewPod(at: number): string | undefined {
        return valueAt(this.changes, at - this.lagMilliseconds)?.roleArn;
    }
}
