using System.Reflection;
using System.Reflection.Emit;

namespace NearCache.Tests.Remote.Values;

/// <summary>
/// Types as other compilers make them: the field of a property <c>Name</c> is <c>Name@</c> in F#, <c>_Name</c> in Visual Basic, and
/// <c>$Name</c> in an anonymous type there.
/// </summary>
public sealed class OtherLanguagesTests
{
    private static readonly char[] Signs = ['@', '_', '$'];

    [Theory]
    [InlineData("Id@", "Name@")]
    [InlineData("_Id", "_Name")]
    [InlineData("$Id", "$Name")]
    public async Task Properties_come_back_whole(params string[] fields)
    {
        var type = Define("Product", fields);
        var product = Activator.CreateInstance(type, "1", "coat")!;

        Assert.Equal(["1", "coat"], await StoreAndReadAsync(type, product));
    }

    [Fact]
    public async Task A_check_of_a_constructor_is_no_state()
    {
        var type = Define("Shop", "Town@", "init@12");
        var shop = Activator.CreateInstance(type, "Ulm")!;

        Assert.Equal(["Ulm"], await StoreAndReadAsync(type, shop));
    }

    [Fact]
    public async Task State_without_a_property_is_refused_as_ever()
    {
        var type = Define("Counter", "Name@", "count");

        var refused = await Assert.ThrowsAsync<NotSupportedException>(
            () => StoreAndReadAsync(type, Activator.CreateInstance(type, "a")!));
        Assert.Contains("Counter.count is not written", refused.Message, StringComparison.Ordinal);
    }

    // A class with a constructor that sets the fields whose names have one of the signs, and a property for each of them.
    private static Type Define(string name, params string[] fields)
    {
        var type = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("OtherLanguages"), AssemblyBuilderAccess.Run)
            .DefineDynamicModule("OtherLanguages").DefineType(name, TypeAttributes.Public | TypeAttributes.Sealed);
        var given = fields.Where(field => field.Trim(Signs) != field).ToArray();
        var constructor = type.DefineConstructor(
            MethodAttributes.Public, CallingConventions.Standard, [.. given.Select(_ => typeof(string))]);
        var body = constructor.GetILGenerator();
        body.Emit(OpCodes.Ldarg_0);
        body.Emit(OpCodes.Call, typeof(object).GetConstructor([])!);
        foreach (var fieldName in fields.Except(given))
        {
            type.DefineField(fieldName, typeof(string), FieldAttributes.Assembly);
        }

        foreach (var (index, fieldName) in given.Index())
        {
            var field = type.DefineField(fieldName, typeof(string), FieldAttributes.Assembly);
            constructor.DefineParameter(index + 1, ParameterAttributes.None, fieldName.Trim(Signs).ToLowerInvariant());
            body.Emit(OpCodes.Ldarg_0);
            body.Emit(OpCodes.Ldarg, (short)(index + 1));
            body.Emit(OpCodes.Stfld, field);
            AddProperty(type, fieldName.Trim(Signs), field);
        }

        body.Emit(OpCodes.Ret);
        return type.CreateType();
    }

    private static void AddProperty(TypeBuilder type, string name, FieldBuilder field)
    {
        var getter = type.DefineMethod("get_" + name, MethodAttributes.Public | MethodAttributes.SpecialName, typeof(string), []);
        var body = getter.GetILGenerator();
        body.Emit(OpCodes.Ldarg_0);
        body.Emit(OpCodes.Ldfld, field);
        body.Emit(OpCodes.Ret);
        type.DefineProperty(name, PropertyAttributes.None, typeof(string), []).SetGetMethod(getter);
    }

    // The values of the properties of what was read.
    private static Task<string[]> StoreAndReadAsync(Type type, object value) => (Task<string[]>)typeof(OtherLanguagesTests)
        .GetMethod(nameof(StoreAndReadOfAsync), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(type)
        .Invoke(null, [value])!;

    private static async Task<string[]> StoreAndReadOfAsync<T>(T value)
    {
        await using var cache = new NearCacheClient(new NearCacheOptions());
        await cache.SetAsync("key", value);
        var read = (await cache.GetAsync<T>("key")).Value;
        return [.. typeof(T).GetProperties().Select(property => (string)property.GetValue(read)!)];
    }
}
