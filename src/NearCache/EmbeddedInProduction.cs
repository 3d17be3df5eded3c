using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace NearCache;

/// <summary>Refuses the embedded remote where it would be a mistake: a service in production that forgot to say where memcached is.</summary>
internal sealed class EmbeddedInProduction(IServiceProvider services) : IValidateOptions<NearCacheOptions>
{
    public ValidateOptionsResult Validate(string? name, NearCacheOptions options) =>
        options.Memcached.Servers.Count == 0 && !options.HasOtherRemote && !options.AllowEmbedded && services.GetService<IHostEnvironment>()?.IsProduction() == true
            ? ValidateOptionsResult.Fail(
                "NearCache:Memcached:Servers is empty, so everything would be kept in this process only, and the environment is Production: "
                + "name the servers, or set NearCache:AllowEmbedded to true.")
            : ValidateOptionsResult.Success;
}
