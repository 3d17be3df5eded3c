using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace NearCache.Management.Security;

/// <summary>Specifies what a user may do in the console.</summary>
internal enum ConsolePermission
{
    /// <summary>See the fleet.</summary>
    View,

    /// <summary>Edit rules, stop them, and remove keys.</summary>
    Operate,

    /// <summary>Read values of the application.</summary>
    Values,
}

/// <summary>The policies of the permissions. A permission without a policy does not exist.</summary>
/// <param name="view">The name of the policy for viewing; null only if every local request may view.</param>
/// <param name="operate">The name of the policy for operating; null if there are no operations.</param>
/// <param name="values">The name of the policy for values; null if no value is shown.</param>
internal sealed class ConsolePolicies(string? view, string? operate, string? values)
{
    /// <summary>Gets a value indicating whether there is no policy for viewing, so that local requests may view.</summary>
    public bool IsOpen => view is null;

    /// <summary>Returns whether a permission exists.</summary>
    public bool Exists(ConsolePermission permission) => permission == ConsolePermission.View || NameOf(permission) is not null;

    /// <summary>Returns the name of the policy of a permission.</summary>
    public string? NameOf(ConsolePermission permission) => permission switch
    {
        ConsolePermission.View => view,
        ConsolePermission.Operate => operate,
        _ => values,
    };

    /// <summary>Checks that the application has each policy that is named.</summary>
    /// <exception cref="InvalidOperationException">It does not have one.</exception>
    public async Task CheckAsync(IAuthorizationPolicyProvider provider)
    {
        foreach (var permission in Enum.GetValues<ConsolePermission>())
        {
            if (NameOf(permission) is { } name && await provider.GetPolicyAsync(name).ConfigureAwait(false) is null)
            {
                throw new InvalidOperationException(
                    $"{nameof(NearCacheConsoleOptions)}.{permission}Policy is \"{name}\", but the application has no authorization policy "
                        + "of that name. Add it with AddAuthorization(options => options.AddPolicy(…)), or name another.");
            }
        }
    }

    /// <summary>Returns whether the user of a request has a permission for a fleet.</summary>
    public async Task<Decision> DecideAsync(HttpContext http, ConsolePermission permission, ConsoleContext context)
    {
        if (NameOf(permission) is not { } name)
        {
            return permission == ConsolePermission.View && IsOpen ? Decision.Allowed : Decision.Forbidden;
        }

        var services = http.RequestServices;
        var provider = services.GetRequiredService<IAuthorizationPolicyProvider>();
        if (await provider.GetPolicyAsync(name).ConfigureAwait(false) is not { } policy)
        {
            return Decision.Forbidden;
        }

        var evaluator = services.GetRequiredService<IPolicyEvaluator>();
        var user = await evaluator.AuthenticateAsync(policy, http).ConfigureAwait(false);
        var result = await evaluator.AuthorizeAsync(policy, user, http, context).ConfigureAwait(false);
        return result.Succeeded ? Decision.Allowed : result.Challenged ? Decision.Unauthenticated : Decision.Forbidden;
    }
}

/// <summary>Specifies the decision on a request.</summary>
internal enum Decision
{
    /// <summary>The user has the permission.</summary>
    Allowed,

    /// <summary>The user has signed in, and does not have the permission.</summary>
    Forbidden,

    /// <summary>The user has not signed in.</summary>
    Unauthenticated,
}
