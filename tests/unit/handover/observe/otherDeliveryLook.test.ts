import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { NamedCluster } from "../../../../handover/model/otherDelivery";
import type { Subject } from "../../../../handover/model/subject";
import { lookBeforeDetachment } from "../../../../handover/observe/look";
import { lookAtOtherDelivery } from "../../../../handover/observe/otherDeliveryLook";
import type { RunContext } from "../../../../handover/observe/runContext";
import { FORMER_ROLE, ISSUER, onNodeRole, subject, world } from "../support/worlds";

interface Sources {
    readonly subject?: Subject;
    readonly inKubeconfig?: readonly string[];
    readonly inTags?: readonly string[];
    /** The issuers that EKS reports, by the cluster's name. It does not know other names. */
    readonly issuers?: Readonly<Record<string, string>>;
    readonly tokenIssuer?: string;
}

const ADD_ON = { addOnRoleArn: FORMER_ROLE, podIdentityRoleArns: [], unread: [] };

/** A run context that notes the calls to EKS. */
function contextOf({ subject: of = subject, inKubeconfig = [], inTags, issuers = {}, tokenIssuer = ISSUER }: Sources) {
    const calls: string[] = [];
    const { cluster, account, at } = world(onNodeRole, {
        account: inTags === undefined ? {} : { clustersInTags: inTags },
    });
    const claims = Buffer.from(JSON.stringify({ iss: `https://${tokenIssuer}` })).toString("base64url");
    const context = {
        subject: of,
        roleNames: [],
        now: () => at,
        cluster: {
            look: () => Promise.resolve(cluster),
            clustersInKubeconfig: () => inKubeconfig,
            requestToken: () => {
                calls.push("token");
                return Promise.resolve(`h.${claims}.s`);
            },
        },
        aws: {
            look: ({ searchElsewhere }: { searchElsewhere: boolean }) => {
                calls.push(searchElsewhere ? "everywhere" : "here");
                return Promise.resolve(account);
            },
            namedCluster: (name: string): Promise<NamedCluster> => {
                calls.push(`is it ${name}?`);
                const issuer = issuers[name];
                return Promise.resolve(
                    issuer === undefined ? { is: "missing" } : { is: "there", issuer, ipFamily: `that of ${name}` },
                );
            },
            otherDelivery: (name: string, { namespace, name: account }: Subject["serviceAccount"]) => {
                calls.push(`${name} ${namespace}/${account}`);
                return Promise.resolve({ ...ADD_ON, clusterName: name });
            },
        },
    } as unknown as RunContext;
    return { context, account, calls };
}

async function looked(sources: Sources, issuer: string | undefined = ISSUER) {
    const { context, account, calls } = contextOf(sources);
    const { clusterName, clusterNameUnknown } = await lookAtOtherDelivery(context, account, () => {
        calls.push("issuer");
        return Promise.resolve(issuer);
    });
    return { clusterName, clusterNameUnknown, calls };
}

const known = (clusterName: string, ...calls: string[]) => ({
    clusterName,
    clusterNameUnknown: undefined,
    calls: [...calls, `${clusterName} kube-system/aws-node`],
});

describe("The look at add-on and associations", () => {
    it("asks by the name that the program gives, which the component has compared with the issuer", async () => {
        const named = { ...subject, clusterName: "prod" };
        deepStrictEqual(await looked({ subject: named, inKubeconfig: ["other"] }), known("prod"));
    });

    it("compares a name that the program gives beside a role whose trust policy it does not manage", async () => {
        const named = { ...subject, clusterName: "prod", issuers: [] };
        deepStrictEqual(
            await looked({ subject: named, issuers: { prod: ISSUER } }),
            known("prod", "issuer", "is it prod?"),
        );
        deepStrictEqual(await looked({ subject: named, issuers: { prod: "other" }, inTags: ["more"] }), {
            clusterName: undefined,
            clusterNameUnknown: `The name of the EKS cluster is unknown. The argument clusterName is "prod", and the issuer of that cluster is other, not ${ISSUER}.`,
            calls: ["issuer", "is it prod?"],
        });
    });

    it("asks by the name in the kubeconfig", async () => {
        const sources = { inKubeconfig: ["prod"], inTags: ["tagged"], issuers: { prod: ISSUER, tagged: ISSUER } };
        deepStrictEqual(await looked(sources), known("prod", "issuer", "is it prod?"));
    });

    it("shows the IP family of the cluster that it has found, and of no other", async () => {
        const issuers = { prod: "other", tagged: ISSUER };
        const { context, account } = contextOf({ inKubeconfig: ["prod"], inTags: ["tagged"], issuers });
        const issuer = () => Promise.resolve(ISSUER);
        strictEqual((await lookAtOtherDelivery(context, account, issuer)).ipFamily, "that of tagged");
        const named = contextOf({ subject: { ...subject, clusterName: "prod" } });
        strictEqual((await lookAtOtherDelivery(named.context, named.account, issuer)).ipFamily, undefined);
    });

    it("asks by the name in the nodes' tags where the kubeconfig has none, or another cluster's", async () => {
        const issuers = { prod: "other", tagged: ISSUER };
        deepStrictEqual(await looked({ inTags: ["tagged"], issuers }), known("tagged", "issuer", "is it tagged?"));
        deepStrictEqual(
            await looked({ inKubeconfig: ["prod"], inTags: ["tagged"], issuers }),
            known("tagged", "issuer", "is it prod?", "is it tagged?"),
        );
    });

    it("asks nothing where no name is known, and says why", async () => {
        deepStrictEqual(await looked({ inKubeconfig: ["gone"], inTags: ["b"], issuers: { b: "other" } }), {
            clusterName: undefined,
            clusterNameUnknown:
                'The name of the EKS cluster is unknown. The kubeconfig names "gone", and EKS has no such cluster in this account and region. ' +
                `The tags of the nodes' instances name "b", and the issuer of that cluster is other, not ${ISSUER}.`,
            calls: ["issuer", "is it gone?", "is it b?"],
        });
    });

    it("asks nothing, not even for the issuer, where nothing names the cluster", async () => {
        const { context, account, calls } = contextOf({});
        deepStrictEqual(await lookAtOtherDelivery(context, account, () => Promise.reject(new Error("asked"))), {
            clusterNameUnknown:
                "The name of the EKS cluster is unknown: the kubeconfig has none, and the tags of the nodes' instances have none in common.",
            addOnRoleArn: undefined,
            podIdentityRoleArns: [],
            unread: [],
        });
        deepStrictEqual(calls, []);
    });

    it("takes the first name where the issuer cannot be read, as in some previews", async () => {
        const { context, account, calls } = contextOf({ inKubeconfig: ["prod"], inTags: ["tagged"] });
        const { clusterName } = await lookAtOtherDelivery(context, account, () => Promise.resolve(undefined));
        deepStrictEqual([clusterName, calls], ["prod", ["prod kube-system/aws-node"]]);
    });
});

describe("The look right before a detachment", () => {
    const sources = { inKubeconfig: ["prod"], issuers: { prod: ISSUER } };

    it("has all regions, and add-on and associations, by the issuer that the role trusts", async () => {
        const { context, account, calls } = contextOf(sources);
        const seen = await lookBeforeDetachment(context);
        deepStrictEqual(seen.account, {
            ...account,
            otherDelivery: { ...ADD_ON, clusterName: "prod", ipFamily: "that of prod" },
        });
        deepStrictEqual(calls, ["everywhere", "is it prod?", "prod kube-system/aws-node"]);
    });

    it("compares the name with the issuer of a token where the role's trust policy is not the component's", async () => {
        const { context, calls } = contextOf({ ...sources, subject: { ...subject, issuers: [] } });
        await lookBeforeDetachment(context);
        deepStrictEqual(calls, ["everywhere", "token", "is it prod?", "prod kube-system/aws-node"]);
    });
});
