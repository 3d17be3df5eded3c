namespace NearCache.Tests.Conventions;

/// <summary>A file that uses a type.</summary>
/// <param name="User">The file that uses it.</param>
/// <param name="Used">The file that declares it.</param>
/// <param name="Type">The type.</param>
internal sealed record SourceUse(string User, string Used, string Type);
