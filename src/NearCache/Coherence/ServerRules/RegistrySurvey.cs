using NearCache.Rules;

namespace NearCache.Coherence.ServerRules;

/// <summary>What is known of the rules outside of ZooKeeper at one instant.</summary>
/// <param name="Known">What is in force in this process; revision 0: nothing.</param>
/// <param name="Servers">What each memcached server carries; null: it has not answered.</param>
/// <param name="Configured">What a registry of this process's configuration begins with.</param>
internal sealed record RegistrySurvey(
    RegistryDocument Known, IReadOnlyList<(string Server, RulesItemContent? Found)> Servers, RegistryDocument Configured);
