import type { PodIdentityFacts } from "./paths";
import type { AgentRecord, AssociationRecord, PodRecord, RecordedEvent } from "./recording";
import { Reach } from "./reach";

const KINDS = ["association", "credentials", "agent", "agentGone", "eksAuthCutOff", "eksAuthBack"] as const;
type PodIdentityEvent = Extract<RecordedEvent, { kind: (typeof KINDS)[number] }>;

export function isOfPodIdentity(event: RecordedEvent): event is PodIdentityEvent {
    return (KINDS as readonly string[]).includes(event.kind);
}

/** The API of EKS, which the operator sees. The pods get what the servers of EKS Auth see. */
const API = "eks";

/** What decides about the credentials of pods at one moment, on their way from EKS Auth through the agents of the nodes. */
export class PodIdentityAtMoment {
    private readonly seen = new Map<string, AssociationRecord | undefined>();
    private readonly held = new Map<string, string>();
    private readonly agents = new Map<string, AgentRecord>();
    /** The nodes on which an agent has served since they joined. */
    private readonly servedOn = new Set<string>();
    private readonly eksAuth = new Reach();

    public apply(event: PodIdentityEvent): void {
        switch (event.kind) {
            case "association":
                this.seen.set(event.seenBy, event.association);
                break;
            case "credentials":
                this.held.set(event.uid, event.roleArn);
                break;
            case "agent":
                this.agents.set(event.agent.uid, event.agent);
                if (event.agent.serving) {
                    this.servedOn.add(event.agent.node);
                }
                break;
            case "agentGone":
                this.agents.delete(event.uid);
                break;
            case "eksAuthCutOff":
                this.eksAuth.cutOff(event.nodes);
                break;
            case "eksAuthBack":
                this.eksAuth.back(event.nodes);
        }
    }

    /** A node joins. One of the same name may have left. */
    public join(node: string): void {
        this.servedOn.delete(node);
    }

    public hasServed(node: string): boolean {
        return this.servedOn.has(node);
    }

    /** The role of the association, by the API. */
    public get associated(): string | undefined {
        return this.seen.get(API)?.roleArn;
    }

    /** Whether the pod has credentials of the association's role of today. */
    public hasTested({ uid, ready, tokenFile, containerCredentials }: PodRecord): boolean {
        const isCarrier = ready && !tokenFile && containerCredentials === true;
        return isCarrier && this.associated !== undefined && this.held.get(uid) === this.associated;
    }

    public factsOf({ uid, node }: PodRecord): Omit<PodIdentityFacts, "clusterArn"> {
        const servers = [...this.seen].filter(([part]) => part !== API).map(([, association]) => association);
        return {
            agentAnswers: [...this.agents.values()].some((agent) => agent.node === node && agent.serving),
            eksAuthReachable: this.eksAuth.isOpenTo(node),
            associations: servers.length === 0 ? [undefined] : servers,
            heldRoleArn: this.held.get(uid),
        };
    }
}
