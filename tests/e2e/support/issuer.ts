import type { Sandbox } from "local-eks";
import { loadKubeconfig } from "local-eks/kubernetes";

/** The keys of a sandbox's issuer. On AWS, STS reads them from the issuer's URL. A sandbox's issuer URL cannot be reached. */
export function issuerOf({ issuer, kubeconfigPath }: Sandbox) {
    const config = loadKubeconfig(kubeconfigPath);
    const [cluster, user] = [config.getCurrentCluster(), config.getCurrentUser()];
    return {
        issuer,
        jwksUrl: `${cluster?.server ?? ""}/openid/v1/jwks`,
        ca: Buffer.from(cluster?.caData ?? "", "base64").toString(),
        bearerToken: user?.token ?? "",
    };
}
