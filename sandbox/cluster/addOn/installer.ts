import { ApiException, KubernetesObjectApi, PatchStrategy } from "@kubernetes/client-node";
import { setTimeout as sleep } from "node:timers/promises";
import type { AddOnIssueCode } from "../../aws/eks/addOns/addOn";
import {
    type AddOnInstaller,
    type Installation,
    InstallationError,
    type Writing,
} from "../../aws/eks/addOns/installer";
import { loadKubeconfig } from "../../kubeconfigs";
import type { Manifest } from "../manifests/plain";
import { conflictMessage, conflictsIn, type FieldConflict, type ObjectConflicts, withoutFields } from "./conflicts";
import { addOnObjects } from "./objects";
import { type KubernetesRequest, requestsFor } from "./requests";

/** https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-field-management.html */
const fieldManager = "eks";

/** How long EKS tries to reach the API server is not known from a source. */
const limitSeconds = 20;

/** The add-on vpc-cni in a cluster, as EKS writes it: requests to the real API server under EKS's field manager. */
export class VpcCniInstaller implements AddOnInstaller {
    private api: KubernetesObjectApi | undefined;
    private last: Promise<unknown> = Promise.resolve();

    /** @param selfManaged The objects of the self-managed aws-node. */
    public constructor(
        private readonly kubeconfigPath: string,
        private readonly selfManaged: readonly Manifest[],
    ) {}

    public write(installation: Installation, how: Writing): Promise<void> {
        return this.inTurn(() => this.writeNow(installation, how));
    }

    public remove(): Promise<void> {
        return this.inTurn(async () => {
            for (const object of [...this.selfManaged].reverse()) {
                const policy = "Background";
                const deleted = () => this.client.delete(object, undefined, undefined, undefined, undefined, policy);
                await this.sent(deleted, isMissing);
            }
        });
    }

    /** Looks for conflicts in all objects before it changes one, unless the values of others are to be overwritten. */
    private async writeNow(installation: Installation, { write, conflicts, removesRole }: Writing): Promise<void> {
        const objects = addOnObjects(this.selfManaged, installation);
        const overwrites = conflicts === "OVERWRITE" || write === "forcedApply";
        const found = overwrites ? [] : await Promise.all(objects.map((object) => this.conflictsOf(object)));
        const inTheWay = found.filter(({ fields }) => fields.length > 0);
        if (conflicts === "NONE" && inTheWay.length > 0) {
            throw new InstallationError("ConfigurationConflict", conflictMessage(inTheWay));
        }
        const fieldsOf = (object: Manifest) => inTheWay.find((one) => one.object === object)?.fields ?? [];
        const kept = objects.map((object) => withoutFields(object, fieldsOf(object)));
        for (const request of requestsFor(write, kept, { overwrites, removesRole })) {
            await this.send(request);
        }
    }

    private async conflictsOf(object: Manifest): Promise<ObjectConflicts> {
        const answer = await this.sent(() => this.applied(object, false, "All"), isConflict);
        const fields = answer instanceof ApiException ? othersIn(answer).map(({ field }) => field) : [];
        return { object, fields: [...new Set(fields)] };
    }

    private async send(request: KubernetesRequest): Promise<void> {
        const { object } = request;
        if (request.kind === "patch") {
            const answer = await this.sent(() => this.patched(object), isMissing);
            if (answer instanceof ApiException) {
                await this.sent(() => this.client.create(object, undefined, undefined, fieldManager));
            }
            return;
        }
        const answer = await this.sent(() => this.applied(object, request.force), isConflict);
        if (answer instanceof ApiException) {
            const fields = othersIn(answer).map(({ field }) => field);
            if (fields.length > 0) {
                throw new InstallationError("ConfigurationConflict", conflictMessage([{ object, fields }]));
            }
            // Values of its own entry of the operation Update.
            await this.sent(() => this.applied(object, true));
        }
    }

    private applied(object: Manifest, force: boolean, dryRun?: string): Promise<unknown> {
        return this.client.patch(object, undefined, dryRun, fieldManager, force, PatchStrategy.ServerSideApply);
    }

    /** Lists are merged by their keys, as by `kubectl apply`. */
    private patched(object: Manifest): Promise<unknown> {
        const strategy = PatchStrategy.StrategicMergePatch;
        return this.client.patch(object, undefined, undefined, fieldManager, undefined, strategy);
    }

    /** Tries again while the API server cannot be reached. Returns an error that is expected. */
    private async sent(
        request: () => Promise<unknown>,
        isExpected: (error: ApiException<unknown>) => boolean = () => false,
    ): Promise<unknown> {
        const deadline = Date.now() + limitSeconds * 1000;
        for (;;) {
            try {
                return await request();
            } catch (error) {
                if (error instanceof ApiException && isExpected(error)) {
                    return error;
                }
                if (!isUnreachable(error)) {
                    throw error instanceof ApiException ? installationError(error) : error;
                }
                if (Date.now() > deadline) {
                    throw new InstallationError(
                        "ClusterUnreachable",
                        "The API server of the cluster cannot be reached.",
                    );
                }
            }
            await sleep(200);
        }
    }

    private inTurn<T>(work: () => Promise<T>): Promise<T> {
        const next = this.last.then(work, work);
        this.last = next.catch(() => undefined);
        return next;
    }

    /** The kubeconfig is written when the API server runs. */
    private get client(): KubernetesObjectApi {
        this.api ??= KubernetesObjectApi.makeApiClient(loadKubeconfig(this.kubeconfigPath));
        return this.api;
    }
}

function isConflict({ code }: ApiException<unknown>): boolean {
    return code === 409;
}

function isMissing({ code }: ApiException<unknown>): boolean {
    return code === 404;
}

/** An error of the network has a code such as ECONNREFUSED. */
function isUnreachable(error: unknown): boolean {
    return error instanceof ApiException
        ? error.code === 429 || error.code >= 500
        : /^E[A-Z]+$/.test(String((error as { code?: unknown }).code));
}

function othersIn({ body }: ApiException<unknown>): FieldConflict[] {
    return conflictsIn(body).filter(({ manager }) => manager !== fieldManager);
}

/** https://docs.aws.amazon.com/eks/latest/APIReference/API_AddonIssue.html (code) */
function installationError({ code, body }: ApiException<unknown>): InstallationError {
    const { message = "" } = (typeof body === "string" ? JSON.parse(body) : body) as { message?: string };
    const issue: AddOnIssueCode = /denied the request|denied request/.test(message)
        ? "AdmissionRequestDenied"
        : code === 403
          ? "AccessDenied"
          : code === 404
            ? "K8sResourceNotFound"
            : "InternalFailure";
    return new InstallationError(issue, message);
}
