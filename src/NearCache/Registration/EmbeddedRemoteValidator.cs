using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace NearCache;

/// <summary>
/// Refuses the embedded remote under a host outside of the Development environment, where the memcached servers are probably missing or
/// misspelled.
/// </summary>
internal sealed class EmbeddedRemoteValidator(IServiceProvider services) : IValidateOptions<NearCacheOptions>
{
    public ValidateOptionsResult Validate(string? name, NearCacheOptions options)
    {
        if (options.Memcached.Servers is { Count: > 0 }
            || options.HasOtherRemote
            || options.AllowEmbedded
            || services.GetService<IHostEnvironment>() is not { } environment
            || environment.IsDevelopment())
        {
            return ValidateOptionsResult.Success;
        }

        var mistakes = new OptionsErrors(options.Source, name);
        mistakes.Add("Memcached:Servers is empty, so everything would be kept in this process only, and the environment is "
            + $"{environment.EnvironmentName}, not Development: name the servers, or set AllowEmbedded to true.");
        var sections = services.GetServices<CacheConfigurationSection>();
        foreach (var source in sections.Where(source => source.Name == (name ?? "") && source.IsAbsent))
        {
            mistakes.AddSentence(source.DescribeAbsence(services));
        }

        return mistakes.Build();
    }
}
