namespace NearCache.Remote.Formats.Json;

/// <summary>Formats the names of types in errors.</summary>
internal static class TypeNames
{
    /// <summary>Returns the C# name, without the namespaces of type arguments.</summary>
    public static string Of(Type type)
    {
        if (type.IsArray)
        {
            return $"{Of(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        }

        if (!type.IsGenericType)
        {
            return type.FullName ?? type.Name;
        }

        var name = type.GetGenericTypeDefinition().FullName ?? type.Name;
        var end = name.IndexOf('`', StringComparison.Ordinal);
        return $"{(end < 0 ? name : name[..end])}<{string.Join(", ", type.GetGenericArguments().Select(Of))}>";
    }

    /// <summary>Returns the remedy that applies to every type.</summary>
    public static string Remedy(Type type) =>
        $"Or give {Of(type)} a JsonConverter, or add it to NearCacheOptions.LossyTypes if the loss does not matter.";
}
