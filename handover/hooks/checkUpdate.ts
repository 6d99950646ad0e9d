import { withTimeout } from "../async/withTimeout";
import {
    accountsOf,
    cutOff,
    leavingSubjects,
    type Narrowing,
    namespacesOf,
    narrowingOfPolicy,
    narrowingOfRole,
    type RoleInputs,
    sharedWith,
} from "../decide/narrowing";
import type { ClusterConnection } from "../model/connection";
import type { Refusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import { lookAtCarriers } from "../observe/carriersLook";
import { leavingIssuer } from "../decide/leavingIssuer";

/** An update in place of the role or of its IPv6 policy that the engine is about to make. */
export interface PlannedUpdate {
    readonly kind: "role" | "policy";
    readonly arn: string;
    /** The issuer of the cluster, without `https://`, if it is known. */
    readonly ownIssuer: string | undefined;
    readonly before: RoleInputs & { readonly policy?: unknown };
    readonly after: RoleInputs & { readonly policy?: unknown };
}

/** How the hook reaches the cluster, and how strict it is. */
export interface UpdateSettings extends ClusterConnection {
    /** The namespace of the service account. */
    readonly namespace: string;
    /** Its name, which only the update of a policy needs: a trust policy names it. */
    readonly accountName?: string;
    /** Why the settings are not known, or nothing may be read. The pods then count as unknown. */
    readonly unread?: string;
    /** A preview only warns if the cluster cannot be read, and takes no longer than this. */
    readonly previewSeconds?: number;
    /** Whether the preview knows that the update replaces nothing: the role has a fixed name. */
    readonly fixedName: boolean;
}

/** The warnings to show, and the refusal if the update must not be made. */
export interface CheckedUpdate {
    readonly warnings: readonly string[];
    readonly refusal?: Refusal;
}

type Look = typeof lookAtCarriers;

/**
 * Whether the update would take something away from a pod that carries the role.
 *
 * @param settingsOf Called only if it might, since an update of other properties must not wait for the cluster.
 */
export async function checkUpdate(
    update: PlannedUpdate,
    settingsOf: () => Promise<UpdateSettings>,
    look: Look = lookAtCarriers,
): Promise<CheckedUpdate> {
    const { kind, arn, ownIssuer, before, after } = update;
    const narrowing =
        kind === "role" ? narrowingOfRole(before, after, ownIssuer) : narrowingOfPolicy(before.policy, after.policy);
    if (narrowing.changes.length === 0) {
        return { warnings: [] };
    }
    if (narrowing.podIdentity) {
        return {
            warnings: [],
            refusal: refusals.associatedRoleNarrowed({ kind, arn, changes: narrowing.changes }),
        };
    }
    const others = sharedWith(narrowing, ownIssuer);
    if (others.length > 0) {
        return {
            warnings: [],
            refusal: refusals.sharedRoleNarrowed({ kind, arn, changes: narrowing.changes }, others),
        };
    }
    const settings = await settingsOf();
    const refusal = await refusalOf(update, narrowing, settings, look);
    const isPreview = settings.previewSeconds !== undefined;
    if (refusal !== undefined && isPreview && (refusal.unread || !settings.fixedName)) {
        return { warnings: [refusal.refusal.message] };
    }
    return refusal === undefined
        ? { warnings: leavingSubjects(narrowing).map((subject) => leavingIssuer(arn, subject)) }
        : { warnings: [], refusal: refusal.refusal };
}

interface Reason {
    readonly refusal: Refusal;
    /** Whether it refuses because the cluster could not be read. */
    readonly unread: boolean;
}

async function refusalOf(
    { kind, arn }: PlannedUpdate,
    narrowing: Narrowing,
    settings: UpdateSettings,
    look: Look,
): Promise<Reason | undefined> {
    const what = { kind, arn, changes: narrowing.changes };
    try {
        const { pods, issuer } = await lookInTime(narrowing, kind, settings, look);
        const roleArn = kind === "role" ? arn : undefined;
        const lost = cutOff(narrowing, pods, { roleArn, issuer });
        return lost.length === 0 ? undefined : { refusal: refusals.roleNarrowed(what, lost), unread: false };
    } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        return narrowing.concernsThisCluster
            ? { refusal: refusals.roleNarrowedUnseen(what, why), unread: true }
            : undefined;
    }
}

function lookInTime(
    narrowing: Narrowing,
    kind: PlannedUpdate["kind"],
    settings: UpdateSettings,
    look: Look,
): ReturnType<Look> {
    const { unread, previewSeconds, namespace, accountName: name } = settings;
    if (unread !== undefined) {
        return Promise.reject(new Error(unread));
    }
    const own = kind === "policy" && name !== undefined ? { namespace, name } : undefined;
    const namespaces = namespacesOf(narrowing, namespace);
    const looking = look(settings, namespaces, previewSeconds !== undefined, accountsOf(narrowing, own));
    const late = () => new Error(`no answer within ${String(previewSeconds)} s`);
    return previewSeconds === undefined ? looking : withTimeout(previewSeconds * 1000, looking, late);
}
