import { commonErrors, notOffered, seenErrors } from "./commonErrors";
import { routeOf } from "./eks/routes";
import { operationOf as eksAuthOperationOf } from "./eksAuth";
import { AwsError } from "./errors";
import { type AwsRequest, type AwsResponse, errorAnswer } from "./protocol";
import { type ModelledService, modelledErrors, type ServiceModel, serviceModel } from "./serviceModels";

/**
 * Holds the front, and moto behind it, to AWS's own service models and the errors of every operation (commonErrors.ts): an error
 * that the operation cannot answer there becomes an InternalFailure, which no test expects.
 */
export class ModelGuard {
    private readonly models = new Map<string, ServiceModel>();

    public constructor(private readonly motoServer: string) {}

    public checked(request: AwsRequest, response: AwsResponse): AwsResponse {
        const code = response.status < 400 ? undefined : codeOf(response);
        const problem = code === undefined ? undefined : this.problemOf(request, code, response.status);
        return problem === undefined
            ? response
            : errorAnswer(request.service, new AwsError("InternalFailure", problem, 500));
    }

    /** Undefined if the operation may answer this error with this status. */
    public problemOf(request: Pick<AwsRequest, "service" | "action" | "method" | "url">, code: string, status: number) {
        const { service } = request;
        const operation = operationOf(request);
        const declared = service === "ec2" ? new Map<string, number>() : modelledErrors(this.model(service), operation);
        const seen = seenErrors[`${service}:${operation}`]?.[code];
        const allowed = declared.get(code) ?? seen ?? commonErrors[service][code];
        const isNotOffered = Object.entries(notOffered).some(([own, of]) => own === code && of === status);
        return allowed === status || isNotOffered
            ? undefined
            : `The stand-in answered ${service}:${operation} with ${code} (${status}), and AWS has ` +
                  (allowed === undefined ? "no such error for this operation." : `it with the status ${allowed}.`);
    }

    private model(service: ModelledService): ServiceModel {
        const known = this.models.get(service) ?? serviceModel(this.motoServer, service);
        this.models.set(service, known);
        return known;
    }
}

function operationOf(request: Pick<AwsRequest, "service" | "action" | "method" | "url">): string {
    switch (request.service) {
        case "eks":
            return eksOperationOf(request);
        case "eks-auth":
            return eksAuthOperationOf(request);
        default:
            return request.action;
    }
}

function eksOperationOf({ method, url }: Pick<AwsRequest, "method" | "url">): string {
    try {
        return routeOf(method, url.split("?")[0] ?? "").action;
    } catch {
        return "";
    }
}

/** The code as SDKs read it: EKS's header, or the Code of the XML protocols. */
function codeOf({ headers, body }: AwsResponse): string | undefined {
    const inHeader = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === "x-amzn-errortype")?.[1];
    return inHeader ?? /<Code>([^<]*)<\/Code>/.exec(body.toString())?.[1];
}
