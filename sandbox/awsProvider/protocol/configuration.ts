import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { checkConfig as problems } from "../aws/config";
import { equals, ValueMap } from "../bridge/values";
import { Provider } from "../provider";
import { receive, send } from "./wire";

export function checkConfig(request: rpc.CheckRequest): rpc.CheckResponse {
    const { properties, secrets } = receive(request.getNews());
    const failures = problems(properties, process.env).map(toFailure);
    return new rpc.CheckResponse().setInputs(send(properties, secrets)).setFailuresList(failures);
}

export function toFailure(failure: { property: string; reason: string }): rpc.CheckFailure {
    return new rpc.CheckFailure().setProperty(failure.property).setReason(failure.reason);
}

/** No option replaces a provider, which would replace all of its resources. */
export function diffConfig(request: rpc.DiffRequest): rpc.DiffResponse {
    const olds = receive(request.getOldInputs() ?? request.getOlds()).properties;
    const news = receive(request.getNews()).properties;
    const changed = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter(
        (key) => !equals(olds[key], news[key]),
    );
    return new rpc.DiffResponse()
        .setChanges(
            changed.length > 0 ? rpc.DiffResponse.DiffChanges.DIFF_SOME : rpc.DiffResponse.DiffChanges.DIFF_NONE,
        )
        .setDiffsList(changed);
}

export function configure(provider: Provider, request: rpc.ConfigureRequest): rpc.ConfigureResponse {
    provider.configure(request.hasArgs() ? receive(request.getArgs()).properties : fromVariables(request));
    return new rpc.ConfigureResponse()
        .setAcceptsecrets(true)
        .setSupportspreview(true)
        .setAcceptresources(false)
        .setAcceptoutputs(false)
        .setSupportsAutonamingConfiguration(true);
}

/** The older form: `aws:config:region`, with string values only. */
function fromVariables(request: rpc.ConfigureRequest): ValueMap {
    const variables: ValueMap = {};
    request.getVariablesMap().forEach((value, key) => {
        variables[key.replace(/^aws:(config:)?/, "")] = value;
    });
    return variables;
}
