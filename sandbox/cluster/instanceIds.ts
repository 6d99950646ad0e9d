import { CoreV1Api } from "@kubernetes/client-node";
import { loadKubeconfig } from "../kubeconfigs";

/** The ids of the EC2 instances of the nodes. */
export class InstanceIds {
    private readonly core: CoreV1Api;
    private readonly known = new Map<string, string>();

    constructor(kubeconfigPath: string) {
        this.core = loadKubeconfig(kubeconfigPath).makeApiClient(CoreV1Api);
    }

    /** `aws:///<zone>/<instance>`. Undefined when the node is gone, and with it everything that ran there. */
    async of(node: string): Promise<string | undefined> {
        const known = this.known.get(node);
        if (known !== undefined) {
            return known;
        }
        try {
            const { spec } = await this.core.readNode({ name: node });
            const id = spec?.providerID?.split("/").at(-1) ?? "";
            this.known.set(node, id);
            return id;
        } catch (error) {
            if ((error as { code?: number }).code === 404) {
                return undefined;
            }
            throw error;
        }
    }
}
