import { deepStrictEqual } from "node:assert/strict";
import { NOT_YET_KNOWN } from "../../../../components/arguments/knownArgs";
import { plannedUpdate, updateSettings } from "../../../../components/live/refuseNarrowing";
import { option, live, names } from "../../support/live";

const PROVIDER = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A";
const plain = { context: undefined, fixedName: false, previewSeconds: undefined };

describe("The hooks that refuse an update in place", () => {
    it("get the update from the properties that are known", () => {
        const known = {
            before: { permissionsBoundary: "a" },
            after: { permissionsBoundary: "b" },
            outputs: { arn: "the role" },
            oidcProviderArn: PROVIDER,
        };
        deepStrictEqual(plannedUpdate("role", known), {
            kind: "role",
            arn: "the role",
            ownIssuer: "oidc.eks.eu-west-1.amazonaws.com/id/A",
            before: known.before,
            after: known.after,
        });
    });

    it("get an update of which nothing is known", () => {
        const nothing = { kind: "policy", arn: "", ownIssuer: undefined, before: {}, after: {} };
        deepStrictEqual(plannedUpdate("policy", {}), nothing);
        const late = { oidcProviderArn: NOT_YET_KNOWN, outputs: { arn: NOT_YET_KNOWN } };
        deepStrictEqual(plannedUpdate("policy", late), nothing);
    });

    it("reach the cluster as the live checks do", () => {
        const known = { kubeconfig: "text", serviceAccount: { namespace: "cni", name: "agent" }, clusterName: "shop" };
        deepStrictEqual(updateSettings(known, { context: "one", fixedName: true, previewSeconds: 15 }), {
            namespace: "cni",
            accountName: "agent",
            fixedName: true,
            kubeconfig: "text",
            clusterName: "shop",
            context: "one",
            previewSeconds: 15,
        });
        const ambient = { serviceAccount: { namespace: "kube-system", name: "aws-node" } };
        deepStrictEqual(updateSettings(ambient, plain), {
            namespace: "kube-system",
            accountName: "aws-node",
            fixedName: false,
        });
    });

    it("say why they may not read the cluster", () => {
        const late = { kubeconfig: NOT_YET_KNOWN, serviceAccount: NOT_YET_KNOWN, clusterName: NOT_YET_KNOWN };
        deepStrictEqual(updateSettings(late, plain), {
            namespace: "",
            fixedName: false,
            unread: "kubeconfig is not known yet, serviceAccount is not known yet",
        });
        const { unread } = updateSettings({}, { ...plain, previewSeconds: 0 });
        deepStrictEqual(unread, "EKS_CNI_PREVIEW_SECONDS is 0");
    });

    it("are not registered without an engine", async () => {
        const run = await live();
        deepStrictEqual(names(run).includes("cni-role"), true);
        const hooks = option(run, "hooks")["cni-role"] as { beforeUpdateList?: unknown[] } | undefined;
        deepStrictEqual(hooks?.beforeUpdateList ?? [], []);
    });
});
